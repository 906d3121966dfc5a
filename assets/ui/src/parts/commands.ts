import { word } from "../words/index.svelte";

/** `ReportOperation` as people say it: `Report operation`. Commands are the journal's own words and stay in English there. */
export const spoken = (command: string) => command.replace(/([a-z])([A-Z])/g, (_, end: string, begin: string) => `${end} ${begin.toLowerCase()}`);

/** An act of the floor in the words of whoever reads it. */
export const actSpoken = (command: string) => word("command", spoken(command));
