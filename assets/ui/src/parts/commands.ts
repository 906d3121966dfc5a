/** `ReportOperation` as people say it: `Report operation`. Commands are the journal's own words and stay in English. */
export const spoken = (command: string) => command.replace(/([a-z])([A-Z])/g, (_, end: string, begin: string) => `${end} ${begin.toLowerCase()}`);
