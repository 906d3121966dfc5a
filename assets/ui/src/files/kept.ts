// What the office does with files, and no terminal: telling what each is, and adding one.
import { upload } from "../api/upload";

/** What the server takes of one file. */
export const MOST = 25 * 1024 ** 2;

const KINDS: [kind: string, ends: RegExp][] = [
  ["drawing", /\.(svg|dxf|dwg|step|stp|iges|igs|stl)$/i],
  ["picture", /\.(png|jpe?g|webp|gif|bmp|tiff?|heic)$/i],
  ["pdf", /\.pdf$/i],
  ["sheet", /\.(csv|xlsx?|ods)$/i],
  ["text", /\.(txt|md|docx?|odt)$/i],
];

export const kindOf = (file: { file_name: string }): string => KINDS.find(([, ends]) => ends.test(file.file_name))?.[0] ?? "other";

export const attach = (subject: string, file: File, note: string, sent: (done: number, total: number) => void) =>
  upload(`/api/v1/attachments?${new URLSearchParams({ subject, file_name: file.name, ...(note ? { note } : {}) })}`, file, { headers: { "Content-Type": file.type || "application/octet-stream" }, sent });
