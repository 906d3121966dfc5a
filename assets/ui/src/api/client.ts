// Asks the plant and sends it commands. A refusal becomes an error that carries the server's own sentence; nothing is cached or repeated here.
import type { components, paths } from "./schema";

/** A record as a list or a single read answers it: every column is there. */
export type Row<Name extends keyof components["schemas"]> = Required<components["schemas"][Name]>;

type Method = "post" | "patch";
type BodyOf<Operation> = Operation extends { requestBody?: { content: { "application/json": infer Body } } } ? Body : never;
type Sent<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, infer Operation> ? (BodyOf<NonNullable<Operation>> extends never ? never : P) : never }[keyof paths];
type Body<M extends Method, P extends Sent<M>> = paths[P] extends Record<M, infer Operation> ? BodyOf<NonNullable<Operation>> : never;

/** A page of a list. */
export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    /** What else the problem says, such as the position in a statement. */
    readonly more: Record<string, unknown> = {},
  ) {
    super(detail);
  }
}

/** What is done when the server no longer knows this log-in; set by the session. */
export const door = { closed: () => {} };

/** At a terminal: which of those signed on acts now, by their user_id; empty anywhere else. */
export const hand = { person: "" };

type Query = Record<string, string | number | boolean | undefined>;

export async function read<T>(path: string, query: Query = {}): Promise<T> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return ask(`/api/v1/${path}${given.length ? `?${search}` : ""}`, {});
}

/** The rows of a page of records. */
export const list = async <Name extends keyof components["schemas"]>(path: string, query: Query = {}): Promise<Row<Name>[]> => (await read<Page<Row<Name>>>(path, query)).data;

/** Sends a command; `at` fills the places of its address. The key makes a repeat of a lost answer harmless. */
export async function send<M extends Method, P extends Sent<M>>(method: M, path: P, body: Body<M, P>, at: Record<string, string | number> = {}, key = newKey(), person = hand.person): Promise<unknown> {
  const address = (path as string).replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(at[name])));
  return ask(address, { method: method.toUpperCase(), body: JSON.stringify(body), headers: { "Content-Type": "application/json", "Idempotency-Key": key } }, person);
}

export const endSession = (person = hand.person) => ask("/api/v1/session", { method: "DELETE" }, person);

/** Makes this device an ordinary one again. */
export const forgetTerminal = () => ask("/api/v1/terminal", { method: "DELETE" });

/** Writes every table as Parquet; it has no body, so the description names none. */
export const writeLake = () => ask("/api/v1/lake", { method: "POST" });

export const keepBackup = () => ask("/api/v1/backups", { method: "POST" });

/** A file that the server makes in the form that is accepted. */
export async function file(path: string, query: Query, accept: string): Promise<Blob> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const answer = await fetch(`/api/v1/${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`, { headers: { Accept: accept } }).catch(() => {
    throw new Refused(0, "unreachable", "");
  });
  if (!answer.ok) throw refused(answer.status, await answer.text());
  return answer.blob();
}

/** `crypto.randomUUID` is missing on plain HTTP, where most plants are. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function ask<T>(address: string, options: RequestInit, person = hand.person): Promise<T> {
  const answer = await fetch(address, person ? { ...options, headers: { ...options.headers, "Millwright-Person": person } } : options).catch(() => {
    throw new Refused(0, "unreachable", "");
  });
  const text = await answer.text();
  if (answer.ok) return (text ? JSON.parse(text) : null) as T;
  throw refused(answer.status, text, address);
}

/** An answer that was no success, as an error. Whoever is not known any more is shown the door. */
export function refused(status: number, text: string, address = ""): Refused {
  // A PIN that was wrong is no log-in that has ended.
  if (status === 401 && !address.endsWith("/badge")) door.closed();
  try {
    const problem = JSON.parse(text) as { code: string; detail: string };
    return new Refused(status, problem.code, sentence(problem.detail), problem);
  } catch {
    return new Refused(status, "unknown", text.slice(0, 200));
  }
}

export function sentence(detail: string): string {
  return detail.charAt(0).toUpperCase() + detail.slice(1) + (/[.?]$/.test(detail) ? "" : ".");
}
