// Drawings and other files of records: which there are, and where their bytes are.
import { list, type Row } from "../api/client";

export type Attachment = Row<"Attachment">;

/** How many of a record are shown. */
const LIMIT = 200;

/** What a browser shows as a picture, and what in a tab of its own. */
const PICTURES = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml"];
const OPENED = [...PICTURES, "text/plain", "application/pdf"];

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
