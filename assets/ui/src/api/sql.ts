// SQL over HTTP: one statement, its rows or where it went wrong. A statement is no command and has no key.
import { Refused, refused } from "./client";

export interface SqlAnswer {
  columns: { name: string; type: string }[];
  data: Record<string, unknown>[];
  as_of_seq: number;
}

export const FORMS = { csv: "text/csv", parquet: "application/vnd.apache.parquet" } as const;

/** A refusal of a statement; the position counts characters from 1, where one is at fault. */
export const positionOf = (fault: Refused | undefined) => (fault?.code ? (fault.more.position as number | undefined) : undefined);

async function statement(sql: string, asOf: string, accept: string): Promise<Response> {
  const body = JSON.stringify({ sql, ...(asOf ? { as_of: asOf } : {}) });
  const answer = await fetch("/api/v1/sql", { method: "POST", body, headers: { "Content-Type": "application/json", Accept: accept } }).catch(() => {
    throw new Refused(0, "unreachable", "");
  });
  if (!answer.ok) throw refused(answer.status, await answer.text());
  return answer;
}

export const askSql = async (sql: string, asOf = ""): Promise<SqlAnswer> => (await statement(sql, asOf, "application/json")).json() as Promise<SqlAnswer>;

export const sqlFile = async (sql: string, asOf: string, form: keyof typeof FORMS): Promise<Blob> => (await statement(sql, asOf, FORMS[form])).blob();
