// How a trace is painted: boxes by kind, what is held in its own colour, quantities on the edges.
import type { Trace, TraceEdge, TraceNode } from "../../api/answers";
import { fontFamily, ink, textWidth } from "../../canvas/ink";
import { layOut, type Box, type Layout, type Wire } from "../../canvas/layers";
import { word } from "../../words/index.svelte";
import { measured } from "../../words/format";
import { wayTo } from "./trace";

const PAD = 12;
const LINES = [{ weight: 650, size: 15, y: 21 }, { weight: 450, size: 13, y: 39 }, { weight: 450, size: 13, y: 56 }] as const;
const HEIGHT = 66;
const LABEL = "450 12px";
const LONGEST = 26;

const TINTS: Record<string, string> = { lot: "raised", work_order: "running-tint", shipment: "setup-tint" };

export interface Drawing {
  layout: Layout<TraceEdge>;
  paint(brush: CanvasRenderingContext2D, chosen: string): void;
}

/** Long names show their start and their end, where numbers differ. */
export function shorten(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 9)}\u2026${text.slice(-8)}`;
}

export const linesOf = (node: TraceNode) => [shorten(node.number), shorten(node.name), [measured(node.quantity, node.unit), node.status && word("status", node.status)].filter(Boolean).join(", ")];

export function drawing(trace: Trace): Drawing {
  const nodes = new Map(trace.nodes.map((node) => [node.id, node]));
  const box = (id: string) => {
    const widths = linesOf(nodes.get(id)!).map((text, at) => textWidth(`${LINES[at]!.weight} ${LINES[at]!.size}px`, text));
    return { width: Math.max(110, ...widths.map((it) => it + 2 * PAD)), height: HEIGHT };
  };
  const [leaving, arriving] = [count(trace.edges, (edge) => edge.from), count(trace.edges, (edge) => edge.to)];
  const layout = layOut(trace.root, [...nodes.keys()], trace.edges, { box, label: (edge) => textWidth(LABEL, measured(edge.quantity, edge.unit)) });
  return {
    layout,
    paint(brush, chosen) {
      const way = wayTo(trace, chosen);
      const isOnWay = ({ edge }: Wire<TraceEdge>) => way.has(edge.from) && way.has(edge.to);
      for (const wire of layout.wires) if (!isOnWay(wire)) paintWire(brush, wire, "edge", 1.25);
      for (const wire of layout.wires) if (isOnWay(wire)) paintWire(brush, wire, "act", 3);
      for (const [id, at] of layout.boxes) paintBox(brush, nodes.get(id)!, at, id === trace.root, id === chosen);
      for (const wire of layout.wires) paintAmount(brush, wire, leaving.get(wire.edge.from)! < arriving.get(wire.edge.to)!);
    },
  };
}

function count(edges: TraceEdge[], of: (edge: TraceEdge) => string): Map<string, number> {
  const found = new Map<string, number>();
  for (const edge of edges) found.set(of(edge), (found.get(of(edge)) ?? 0) + 1);
  return found;
}

const level = (box: Box) => box.y + box.height / 2;

function paintWire(brush: CanvasRenderingContext2D, { stops }: Wire<TraceEdge>, colour: string, width: number) {
  brush.strokeStyle = ink(colour);
  brush.lineWidth = width;
  brush.beginPath();
  brush.moveTo(stops[0]!.x + stops[0]!.width, level(stops[0]!));
  for (let at = 1; at < stops.length; at += 1) {
    const [from, to] = [stops[at - 1]!, stops[at]!];
    const [start, end] = [from.x + from.width, to.x];
    const bend = (start + end) / 2;
    brush.bezierCurveTo(bend, level(from), bend, level(to), end, level(to));
    if (!to.id) brush.lineTo(to.x + to.width, level(to));
  }
  brush.stroke();
}

function paintBox(brush: CanvasRenderingContext2D, node: TraceNode, { x, y, width, height }: Box, isRoot: boolean, isChosen: boolean) {
  const held = node.status === "on_hold";
  brush.beginPath();
  brush.roundRect(x, y, width, height, 8);
  brush.fillStyle = ink(held ? "hold-tint" : (TINTS[node.kind] ?? "panel"));
  brush.fill();
  brush.strokeStyle = ink(isRoot || isChosen ? "act" : held ? "hold" : "line");
  brush.lineWidth = isRoot || isChosen ? 3 : held ? 2 : 1;
  brush.stroke();
  brush.textAlign = "left";
  linesOf(node).forEach((text, at) => {
    const line = LINES[at]!;
    brush.font = `${line.weight} ${line.size}px ${fontFamily()}`;
    brush.fillStyle = ink(held ? "hold" : at === 0 ? "text" : "muted");
    brush.fillText(text, x + PAD, y + line.y);
  });
}

/** On the curve, at the end where fewer edges meet, so that labels do not pile up. */
function paintAmount(brush: CanvasRenderingContext2D, { edge, stops }: Wire<TraceEdge>, atStart: boolean) {
  const [from, to] = atStart ? [stops[0]!, stops[1]!] : [stops.at(-2)!, stops.at(-1)!];
  const [start, end] = [from.x + from.width, to.x];
  const share = 8 / (end - start);
  const along = atStart ? share : 1 - share;
  const y = level(from) + (level(to) - level(from)) * along ** 2 * (3 - 2 * along) + 4;
  const x = atStart ? start + 8 : end - 8;
  const text = measured(edge.quantity, edge.unit);
  brush.font = `${LABEL} ${fontFamily()}`;
  brush.textAlign = atStart ? "left" : "right";
  brush.lineWidth = 4;
  brush.strokeStyle = ink("panel");
  brush.strokeText(text, x, y);
  brush.fillStyle = ink("muted");
  brush.fillText(text, x, y);
}
