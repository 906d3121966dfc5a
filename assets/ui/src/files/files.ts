// Drawings and other files of records: which there are, of what kind, and where their bytes are.
import { list, type Row } from "../api/client";
import { upload } from "../api/upload";

export type Attachment = Row<"Attachment">;

/** What the server takes of one file, and how many of a record are shown. */
export const MOST = 25 * 1024 ** 2;
const LIMIT = 200;

const KINDS: [kind: string, ends: RegExp][] = [
  ["drawing", /\.(svg|dxf|dwg|step|stp|iges|igs|stl)$/i],
  ["picture", /\.(png|jpe?g|webp|gif|bmp|tiff?|heic)$/i],
  ["pdf", /\.pdf$/i],
  ["sheet", /\.(csv|xlsx?|ods)$/i],
  ["text", /\.(txt|md|docx?|odt)$/i],
];
/** What a browser shows as a picture, and what in a tab of its own. */
const PICTURES = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml"];
const OPENED = [...PICTURES, "text/plain", "application/pdf"];

export const kindOf = (file: { file_name: string }): string => KINDS.find(([, ends]) => ends.test(file.file_name))?.[0] ?? "other";
/** Whether a browser opens it beside the page; anything else it keeps. */
export const isOpened = (file: { content_type: string }) => OPENED.includes(file.content_type);
export const isPicture = (file: { content_type: string }) => PICTURES.includes(file.content_type);

/** Where its bytes are: to be looked at where a browser can, else to be kept. */
export function addressOf(file: { attachment_id: string; content_type: string }, keep = false): string {
  const address = `/api/v1/attachments/${encodeURIComponent(file.attachment_id)}/content`;
  return keep || !isOpened(file) ? address : `${address}?inline=true`;
}

/** The files of these records, in the order of the records. */
export const filesOf = async (subjects: string[]): Promise<Attachment[]> =>
  (await Promise.all(subjects.map((subject) => list<"Attachment">("attachments", { subject, removed: false, limit: LIMIT })))).flat();

export const attach = (subject: string, file: File, note: string, sent: (done: number, total: number) => void) =>
  upload(`/api/v1/attachments?${new URLSearchParams({ subject, file_name: file.name, ...(note ? { note } : {}) })}`, file, { headers: { "Content-Type": file.type || "application/octet-stream" }, sent });
