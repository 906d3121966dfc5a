// Where the boxes of a trace stand: sources to the left, what became of them to the right, an edge always from left to right.
// Pure geometry: text widths are given, nothing is drawn, and the graph must have no cycle (a genealogy has none).

export interface Edge {
  from: string;
  to: string;
}

export interface Box {
  /** A lane has none: it keeps a way free for an edge that passes its column. */
  id: string | undefined;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Wire<E extends Edge> {
  edge: E;
  /** From the box it leaves, over lanes, to the box it reaches. */
  stops: Box[];
}

export interface Layout<E extends Edge> {
  boxes: Map<string, Box>;
  wires: Wire<E>[];
  width: number;
  height: number;
}

interface Sizes<E> {
  box: (id: string) => { width: number; height: number };
  /** Room for the text on an edge. */
  label: (edge: E) => number;
}

const GAP = 12;
const LANE = 14;
const BETWEEN = 48;
const ROUNDS = 8;

interface Cell extends Box {
  left: Cell[];
  right: Cell[];
  wish: number;
}

export function layOut<E extends Edge>(root: string, ids: string[], edges: E[], sizes: Sizes<E>): Layout<E> {
  const column = columnsOf(root, ids, edges);
  const first = Math.min(...column.values());
  const columns: Cell[][] = Array.from({ length: Math.max(...column.values()) - first + 1 }, () => []);
  const cells = new Map<string, Cell>();
  for (const id of ids) {
    const cell: Cell = { id, x: 0, y: 0, ...sizes.box(id), left: [], right: [], wish: 0 };
    cells.set(id, cell);
    columns[column.get(id)! - first]!.push(cell);
  }
  const wires = edges.map((edge) => ({ edge, stops: wire(edge, cells, column, first, columns) }));
  arrange(columns);
  const width = placeColumns(columns, wires, sizes.label);
  const all = columns.flat();
  return { boxes: cells, wires, width, height: Math.max(...all.map((it) => it.y + it.height)) };
}

/** A column by the longest way from the root, before it below zero and after it above. */
function columnsOf(root: string, ids: string[], edges: Edge[]): Map<string, number> {
  const column = new Map(ids.map((id) => [id, 0]));
  walk(root, edges, 1, column);
  walk(root, edges.map(({ from, to }) => ({ from: to, to: from })), -1, column);
  return column;
}

/** A node passes its column on only when all that lead to it in this walk are known. */
function walk(root: string, edges: Edge[], step: 1 | -1, column: Map<string, number>) {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const reached = new Set([root]);
  for (const id of reached) for (const to of next.get(id) ?? []) reached.add(to);
  const waits = new Map<string, number>();
  for (const { from, to } of edges) if (reached.has(from)) waits.set(to, (waits.get(to) ?? 0) + 1);
  const ready = [root];
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    for (const to of next.get(id) ?? []) {
      column.set(to, step * Math.max(step * column.get(to)!, step * column.get(id)! + 1));
      waits.set(to, waits.get(to)! - 1);
      if (waits.get(to) === 0) ready.push(to);
    }
  }
}

function wire(edge: Edge, cells: Map<string, Cell>, column: Map<string, number>, first: number, columns: Cell[][]): Cell[] {
  const stops = [cells.get(edge.from)!];
  for (let at = column.get(edge.from)! + 1; at < column.get(edge.to)!; at += 1) {
    const lane: Cell = { id: undefined, x: 0, y: 0, width: 0, height: LANE, left: [], right: [], wish: 0 };
    columns[at - first]!.push(lane);
    stops.push(lane);
  }
  stops.push(cells.get(edge.to)!);
  for (let at = 1; at < stops.length; at += 1) {
    stops[at - 1]!.right.push(stops[at]!);
    stops[at]!.left.push(stops[at - 1]!);
  }
  return stops;
}

/** Sorts columns by the middle of their neighbours, there and back, which undoes most crossings. */
function arrange(columns: Cell[][]) {
  for (const column of columns) stack(column);
  for (let round = 0; round < ROUNDS; round += 1) {
    const forth = round % 2 === 0;
    for (const column of forth ? columns : columns.toReversed()) {
      for (const it of column) it.wish = middle(forth ? it.left : it.right) ?? it.y + it.height / 2;
      column.sort((one, other) => one.wish - other.wish);
      settle(column);
    }
  }
  const top = Math.min(...columns.flat().map((it) => it.y));
  for (const it of columns.flat()) it.y -= top;
}

const middle = (cells: Cell[]) => (cells.length ? cells.reduce((sum, it) => sum + it.y + it.height / 2, 0) / cells.length : undefined);

function stack(column: Cell[]) {
  let y = 0;
  for (const it of column) {
    it.y = y;
    y += it.height + GAP;
  }
}

/** Everyone as near to their wish as the others allow; the whole column then shares what is left. */
function settle(column: Cell[]) {
  let free = -Infinity;
  let off = 0;
  for (const it of column) {
    it.y = Math.max(it.wish - it.height / 2, free);
    free = it.y + it.height + GAP;
    off += it.wish - it.height / 2 - it.y;
  }
  for (const it of column) it.y += off / column.length;
}

/** Columns are as wide as their widest box, and the space after them as the longest text of an edge that leaves them. */
function placeColumns<E extends Edge>(columns: Cell[][], wires: Wire<E>[], label: (edge: E) => number): number {
  const labels = new Map<Box, number>();
  for (const { edge, stops } of wires) labels.set(stops[0]!, Math.max(labels.get(stops[0]!) ?? 0, label(edge)));
  let x = 0;
  let space = 0;
  for (const column of columns) {
    const width = Math.max(0, ...column.filter((it) => it.id).map((it) => it.width));
    for (const it of column) Object.assign(it, { x, width });
    space = BETWEEN + Math.max(0, ...column.map((it) => labels.get(it) ?? 0));
    x += width + space;
  }
  return x - space;
}

/** The box under a point. */
export function boxAt(boxes: Iterable<Box>, x: number, y: number): string | undefined {
  for (const box of boxes) if (box.x <= x && x <= box.x + box.width && box.y <= y && y <= box.y + box.height) return box.id;
  return undefined;
}

/** The box to go to from one by an arrow key: along an edge, or up and down the column. */
export function neighbour<E extends Edge>(layout: Layout<E>, from: string, key: string): string | undefined {
  const here = layout.boxes.get(from);
  if (!here) return undefined;
  const near = (ids: (string | undefined)[]) =>
    ids.filter((id) => id !== undefined).map((id) => layout.boxes.get(id)!).sort((one, other) => Math.abs(one.y - here.y) - Math.abs(other.y - here.y))[0]?.id;
  if (key === "ArrowRight") return near(layout.wires.filter((it) => it.edge.from === from).map((it) => it.edge.to));
  if (key === "ArrowLeft") return near(layout.wires.filter((it) => it.edge.to === from).map((it) => it.edge.from));
  const below = key === "ArrowDown";
  const column = [...layout.boxes.values()].filter((it) => it.x === here.x && (below ? it.y > here.y : it.y < here.y));
  return column.sort((one, other) => Math.abs(one.y - here.y) - Math.abs(other.y - here.y))[0]?.id;
}
