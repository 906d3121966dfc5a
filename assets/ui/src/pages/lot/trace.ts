// Reading a trace: of which kind the asked number is, all its nodes for a file, and the lots that a hold must reach.
import type { Trace, TraceNode } from "../../api/answers";
import { read, type Page } from "../../api/client";
import { pluralOf } from "../../shell/places";

/** More boxes than this nobody reads; counts are always of the whole. */
const DRAWN = 200;
const PAGE = 1000;

const at = (id: string) => `${pluralOf(id) ?? "lots"}/${encodeURIComponent(id)}`;

export const traceOf = (id: string, direction: string) => read<Trace>(`${at(id)}/trace`, { direction, max_nodes: DRAWN });

/** Every node, over as many pages as there are. */
export async function allNodes(id: string, direction: string, kind?: string): Promise<TraceNode[]> {
  const all: TraceNode[] = [];
  for (let cursor: string | undefined | null; cursor !== null; ) {
    const page: Page<TraceNode> = await read<Page<TraceNode>>(`${at(id)}/trace/nodes`, { direction, kind, limit: PAGE, cursor });
    all.push(...page.data);
    cursor = page.next_cursor;
  }
  return all;
}

const COLUMNS = ["kind", "id", "number", "name", "quantity", "unit", "status", "depth"] as const;

/** Comma-separated with a head, as spreadsheets and programs read it. */
export function csv(nodes: TraceNode[]): string {
  const cell = (value: string | number | null) => (/[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ""));
  return [COLUMNS.join(","), ...nodes.map((node) => COLUMNS.map((column) => cell(node[column])).join(","))].join("\r\n") + "\r\n";
}
