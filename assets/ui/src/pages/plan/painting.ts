// How the Gantt is painted: lanes by department with their load, bars by state, pins, the frozen zone, a draft's moves with where they come from, what is in a hand, the axis, now.
// It draws what is seen and nothing else; where things stand is the timeline's.
import { fontFamily, ink } from "../../canvas/ink";
import { lanesSeen, Row, seen, timeAt, xOf, yOf, type Lane, type Room, type Span, type View } from "../../canvas/timeline";
import { day, hour } from "../../words/format";
import type { Bar } from "./bars";
import type { Outline } from "./places";

export const AXIS = 44;
export const NAMES = 148;
const PAD = 5;
const BAR = 22;
const LOAD = 7;
const LEGIBLE = 34;
const HOUR = 3_600_000;
const STEPS = [0.25, 0.5, 1, 2, 4, 6, 12, 24].map((it) => it * HOUR);
const STEP_ROOM = 64;
const TOKENS = ["act", "bar-done", "bar-planned", "bar-running", "down", "edge", "ground", "line", "muted", "on-bar", "panel", "raised", "running", "text", "waiting-fill"] as const;

export interface Load extends Span {
  share: number;
}

export interface Board {
  lanes: Lane[];
  rows: Map<string, Row<Bar>>;
  /** Bars at the place where a draft takes them from. */
  ghosts: Map<string, Row<Bar>>;
  loads: Map<string, Load[]>;
  /** Midnights of the plant, so that lines fall on its full hours. */
  midnights: number[];
  /** What begins before it is moved by people only. */
  frozenUntil: number | undefined;
}

/** A bar in somebody's hand. */
export interface Held {
  bar: Bar;
  /** Where it would stand, and what would move on with it. */
  outlines: Outline[];
  state: "asked" | "does" | "hindered";
  nearest: Outline | undefined;
}

export interface Shown {
  view: View;
  room: Room;
  now: number;
  order: string;
  hovered: string;
  /** The bar that keys are at. */
  picked: string;
  held: Held | undefined;
}

type Inks = Record<(typeof TOKENS)[number], string>;

/** Bars by lane, ready to be asked for what is seen. */
export function rowsOf(bars: Bar[]): Map<string, Row<Bar>> {
  const byLane = new Map<string, Bar[]>();
  for (const bar of bars) {
    const all = byLane.get(bar.lane);
    if (all) all.push(bar);
    else byLane.set(bar.lane, [bar]);
  }
  return new Map([...byLane].map(([id, all]) => [id, new Row(all)]));
}

export function paint(brush: CanvasRenderingContext2D, board: Board, shown: Shown) {
  const inks = Object.fromEntries(TOKENS.map((it) => [it, ink(it)])) as Inks;
  const { view, room, now } = shown;
  const right = room.left + room.width;
  const lanes = lanesSeen(board.lanes, view, room);
  const lines = linesOf(board.midnights, view, room);
  brush.textBaseline = "middle";
  brush.save();
  brush.beginPath();
  brush.rect(room.left, room.top, room.width, room.height);
  brush.clip();
  for (const lane of lanes) paintGround(brush, inks, lane, yOf(view, room, lane), shown, board.loads.get(lane.id) ?? []);
  if (board.frozenUntil !== undefined) paintFrozen(brush, inks, board.frozenUntil, shown);
  for (const line of lines) rule(brush, line.isDay ? inks.edge : inks.line, line.x, room.top, room.top + room.height);
  const time = seen(view, room);
  for (const lane of lanes) {
    const y = yOf(view, room, lane) + PAD;
    for (const bar of board.ghosts.get(lane.id)?.within(time) ?? []) paintGhost(brush, inks, bar, y, shown);
    for (const bar of board.rows.get(lane.id)?.within(time) ?? []) paintBar(brush, inks, bar, y, shown);
  }
  if (shown.held) paintHeld(brush, inks, lanes, shown.held, shown);
  rule(brush, inks.act, xOf(view, room, now), room.top, room.top + room.height, 2);
  brush.restore();
  paintNames(brush, inks, lanes, shown);
  paintAxis(brush, inks, lines, shown, right);
}

function rule(brush: CanvasRenderingContext2D, colour: string, x: number, top: number, bottom: number, width = 1) {
  brush.fillStyle = colour;
  brush.fillRect(Math.round(x), top, width, bottom - top);
}

function paintGround(brush: CanvasRenderingContext2D, inks: Inks, lane: Lane, y: number, { view, room }: Shown, loads: Load[]) {
  if (lane.isGroup) {
    brush.fillStyle = inks.ground;
    brush.fillRect(room.left, y, room.width, lane.height);
    return;
  }
  brush.fillStyle = inks.line;
  brush.fillRect(room.left, y + lane.height - 1, room.width, 1);
  for (const load of loads) {
    const [from, to] = [xOf(view, room, load.from), xOf(view, room, load.to)];
    const height = Math.min(1, load.share) * LOAD;
    brush.fillStyle = load.share >= 1 ? inks["waiting-fill"] : inks.running;
    brush.fillRect(from + 1, y + lane.height - 1 - height, to - from - 2, height);
  }
}

/** Slanting lines over a box. */
function hatch(brush: CanvasRenderingContext2D, colour: string, x: number, y: number, width: number, height: number, gap: number) {
  brush.save();
  brush.beginPath();
  brush.rect(x, y, width, height);
  brush.clip();
  brush.strokeStyle = colour;
  brush.lineWidth = 1;
  brush.beginPath();
  for (let at = x - height - ((x - height) % gap); at < x + width; at += gap) {
    brush.moveTo(at, y + height);
    brush.lineTo(at + height, y);
  }
  brush.stroke();
  brush.restore();
}

function paintFrozen(brush: CanvasRenderingContext2D, inks: Inks, until: number, { view, room, now }: Shown) {
  const from = Math.max(room.left, xOf(view, room, now));
  const to = Math.min(room.left + room.width, xOf(view, room, until));
  if (to <= from) return;
  hatch(brush, inks.line, from, room.top, to - from, room.height, 12);
  rule(brush, inks.muted, to - 1, room.top, room.top + room.height);
}

/** Dashed where it comes from and where others would go, an outline where it would stand, hatched where it cannot. */
function paintHeld(brush: CanvasRenderingContext2D, inks: Inks, lanes: Lane[], held: Held, shown: Shown) {
  const { view, room } = shown;
  const box = ({ lane, from, to }: Outline) => {
    const on = lanes.find((it) => it.id === lane);
    if (!on) return undefined;
    const x = xOf(view, room, from);
    return { x, y: yOf(view, room, on) + PAD, width: Math.max(4, xOf(view, room, to) - x) };
  };
  const outline = (it: Outline, colour: string, width: number, dash: number[]) => {
    const place = box(it);
    if (!place) return;
    brush.strokeStyle = colour;
    brush.lineWidth = width;
    brush.setLineDash(dash);
    brush.strokeRect(place.x + width / 2, place.y + width / 2, Math.max(1, place.width - width), BAR - width);
    brush.setLineDash([]);
    if (!it.late) return;
    brush.fillStyle = inks.down;
    brush.fillRect(place.x, place.y, 3, BAR);
  };
  outline({ ...held.bar, late: false }, inks.text, 1.5, [4, 3]);
  const [own, ...others] = held.outlines;
  for (const other of others) outline(other, inks.act, 1.5, [4, 3]);
  if (held.nearest) outline(held.nearest, inks.act, 2, [2, 2]);
  const place = own && box(own);
  if (!own || !place) return;
  brush.fillStyle = inks.raised;
  brush.globalAlpha = 0.85;
  brush.fillRect(place.x, place.y, place.width, BAR);
  brush.globalAlpha = 1;
  if (held.state === "hindered") hatch(brush, inks.down, place.x, place.y, place.width, BAR, 6);
  outline(own, held.state === "hindered" ? inks.down : held.state === "does" ? inks.act : inks.muted, 2.5, []);
}

/** A pin's head and needle, at the end of the bar. */
function paintPin(brush: CanvasRenderingContext2D, inks: Inks, x: number, y: number) {
  brush.fillStyle = inks.raised;
  brush.strokeStyle = inks.text;
  brush.lineWidth = 1.5;
  brush.beginPath();
  brush.arc(x, y + 6, 4, 0, 2 * Math.PI);
  brush.moveTo(x, y + 10);
  brush.lineTo(x, y + 17);
  brush.fill();
  brush.stroke();
}

function paintBar(brush: CanvasRenderingContext2D, inks: Inks, bar: Bar, y: number, { view, room, order, hovered, picked, held }: Shown) {
  const from = xOf(view, room, bar.from);
  const width = Math.max(2, xOf(view, room, bar.to) - from);
  // What is in a hand is faint where it was.
  brush.globalAlpha = held?.bar.key === bar.key ? 0.3 : 1;
  brush.fillStyle = inks[`bar-${bar.state}`];
  brush.fillRect(from, y, width, BAR);
  const isChosen = bar.order === order;
  if (isChosen || bar.key === hovered || width > 4) {
    const edge = isChosen || bar.key === hovered ? 2.5 : bar.moved ? 1.5 : 0.5;
    brush.strokeStyle = isChosen ? inks.text : bar.moved || bar.key === hovered ? inks.act : inks.edge;
    brush.lineWidth = edge;
    brush.strokeRect(from + edge / 2, y + edge / 2, Math.max(1, width - edge), BAR - edge);
  }
  if (bar.late) {
    brush.fillStyle = inks.down;
    brush.fillRect(from, y, 3, BAR);
  }
  brush.globalAlpha = 1;
  if (bar.key === picked) {
    brush.strokeStyle = inks.text;
    brush.lineWidth = 2;
    brush.setLineDash([6, 3]);
    brush.strokeRect(from - 2, y - 2, width + 4, BAR + 4);
    brush.setLineDash([]);
  }
  if (bar.pinned) paintPin(brush, inks, Math.max(from + 5, Math.min(from + width, room.left + room.width) - 8), y);
  const start = Math.max(from, room.left);
  const space = from + width - start - (bar.pinned ? 16 : 0);
  if (space > LEGIBLE) label(brush, inks, bar, start + 7, y + BAR / 2 + 1, space - 10);
}

function label(brush: CanvasRenderingContext2D, inks: Inks, bar: Bar, x: number, y: number, room: number) {
  brush.font = `550 12px ${fontFamily()}`;
  const text = [`${bar.number} \u00b7 ${bar.operation}`, bar.number, bar.number.replace(/^\D+0*/, "")].find((it) => brush.measureText(it).width <= room);
  if (!text) return;
  brush.fillStyle = bar.state === "planned" ? inks["on-bar"] : inks.text;
  brush.textAlign = "left";
  brush.fillText(text, x, y);
}

/** Dashed where it was; of the chosen order with a line to where it goes. */
function paintGhost(brush: CanvasRenderingContext2D, inks: Inks, bar: Bar, y: number, { view, room, order }: Shown) {
  const from = xOf(view, room, bar.from);
  brush.strokeStyle = bar.order === order ? inks.text : inks.muted;
  brush.lineWidth = bar.order === order ? 2 : 1;
  brush.setLineDash([4, 3]);
  brush.strokeRect(from + 0.5, y + 2.5, Math.max(2, xOf(view, room, bar.to) - from), BAR - 5);
  brush.setLineDash([]);
}

function paintNames(brush: CanvasRenderingContext2D, inks: Inks, lanes: Lane[], { view, room }: Shown) {
  brush.save();
  brush.beginPath();
  brush.rect(0, room.top, room.left, room.height);
  brush.clip();
  brush.textAlign = "left";
  for (const lane of lanes) {
    const y = yOf(view, room, lane);
    brush.fillStyle = lane.isGroup ? inks.ground : inks.panel;
    brush.fillRect(0, y, room.left, lane.height);
    brush.font = `${lane.isGroup ? "650 13px" : "550 13px"} ${fontFamily()}`;
    brush.fillStyle = lane.isGroup ? inks.muted : inks.text;
    brush.fillText(lane.title, lane.isGroup ? 6 : 12, y + lane.height / 2 + 1, room.left - 18);
    if (!lane.isGroup) brush.fillStyle = inks.line;
    if (!lane.isGroup) brush.fillRect(0, y + lane.height - 1, room.left, 1);
  }
  brush.restore();
  rule(brush, inks.edge, room.left - 1, 0, room.top + room.height);
}

interface Line {
  x: number;
  time: number;
  isDay: boolean;
}

/** Full hours counted from the plant's own midnights, as close as they can be read. */
export function linesOf(midnights: number[], view: View, room: Room): Line[] {
  const step = STEPS.find((it) => it / view.perPixel >= STEP_ROOM) ?? STEPS.at(-1)!;
  const { from, to } = seen(view, room);
  const lines: Line[] = [];
  midnights.forEach((midnight, at) => {
    const next = midnights[at + 1] ?? midnight + 24 * HOUR;
    for (let time = midnight; time < next; time += step) if (time >= from && time <= to) lines.push({ time, x: xOf(view, room, time), isDay: time === midnight });
  });
  return lines;
}

function paintAxis(brush: CanvasRenderingContext2D, inks: Inks, lines: Line[], { view, room, now }: Shown, right: number) {
  brush.fillStyle = inks.panel;
  brush.fillRect(0, 0, right, room.top);
  rule(brush, inks.edge, room.left - 1, 0, room.top);
  brush.save();
  brush.beginPath();
  brush.rect(room.left, 0, room.width, room.top);
  brush.clip();
  brush.font = `550 12px ${fontFamily()}`;
  brush.textAlign = "left";
  for (const { time, x, isDay } of lines) {
    if (isDay) rule(brush, inks.edge, x, 0, room.top);
    brush.fillStyle = isDay ? inks.text : inks.muted;
    if (isDay) brush.fillText(day(new Date(time)), x + 5, 12);
    brush.fillText(hour(new Date(time)), x + 5, 32);
  }
  const first = lines.find((it) => it.isDay);
  const begins = timeAt(view, room, room.left);
  brush.fillStyle = inks.text;
  if (!first || first.x > room.left + 110) brush.fillText(day(new Date(begins)), room.left + 5, 12);
  const x = xOf(view, room, now);
  brush.fillStyle = inks.act;
  brush.beginPath();
  brush.moveTo(x - 5, room.top - 8);
  brush.lineTo(x + 7, room.top - 8);
  brush.lineTo(x + 1, room.top);
  brush.fill();
  brush.restore();
  brush.fillStyle = inks.edge;
  brush.fillRect(0, room.top - 1, right, 1);
}
