/** The moment in a backup's name, `2026-03-31T06-00-00Z.mwb`. */
export const madeAt = (name: string) => name.replace(".mwb", "").replace(/T(\d\d)-(\d\d)-/, "T$1:$2:");
