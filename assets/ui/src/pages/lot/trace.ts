// Reading a trace: of which kind the asked number is, all its nodes for a file, the way between two of them, and the lots that a hold must reach.
import type { Trace, TraceNode } from "../../api/answers";
import { read, send, type Page } from "../../api/client";
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

/** What lies on a way between the asked number and another, both with it; nothing without another. */
export function wayTo({ root, edges }: Pick<Trace, "root" | "edges">, other: string): Set<string> {
  const way = new Set<string>();
  if (!other || other === root) return way;
  const [after, before] = [neighbours(edges, "from", "to"), neighbours(edges, "to", "from")];
  for (const [start, end] of [[root, other], [other, root]] as const) {
    const [below, above] = [reached(start, after), reached(end, before)];
    if (below.has(end)) for (const id of below) if (above.has(id)) way.add(id);
  }
  return way;
}

function neighbours(edges: Trace["edges"], of: "from" | "to", to: "from" | "to"): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const edge of edges) found.set(edge[of], [...(found.get(edge[of]) ?? []), edge[to]]);
  return found;
}

function reached(start: string, next: Map<string, string[]>): Set<string> {
  const seen = new Set([start]);
  for (const id of seen) for (const other of next.get(id) ?? []) seen.add(other);
  return seen;
}

/** Lots that one act holds at most; the server takes no more in one body. */
const HELD_AT_ONCE = 500;

/** What a hold of a number and of all that was made of it reaches: lots that still hold something and are free, the nearest first. */
export const toHold = async (root: TraceNode): Promise<TraceNode[]> => [root, ...(await allNodes(root.id, "forward", "lot"))].filter((it) => it.kind === "lot" && it.status === "available");

/** In as few acts as the server's bound allows, each all or nothing; tells how many are held so far. */
export async function holdAll(lots: TraceNode[], reason: string, tell: (held: number) => void) {
  for (let at = 0; at < lots.length; at += HELD_AT_ONCE) {
    await send("post", "/api/v1/lot-holds", { lot_ids: lots.slice(at, at + HELD_AT_ONCE).map((it) => it.id), reason });
    tell(Math.min(lots.length, at + HELD_AT_ONCE));
  }
}

const COLUMNS = ["kind", "id", "number", "name", "quantity", "unit", "status", "depth"] as const;

/** Comma-separated with a head, as spreadsheets and programs read it. */
export function csv(nodes: TraceNode[]): string {
  const cell = (value: string | number | null) => (/[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ""));
  return [COLUMNS.join(","), ...nodes.map((node) => COLUMNS.map((column) => cell(node[column])).join(","))].join("\r\n") + "\r\n";
}
