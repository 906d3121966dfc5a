// Where bars stand on a canvas of lanes over time: time to x, lane to y, what is seen and what is hit.
// Pure geometry: nothing is drawn and nothing is known of what a bar stands for.

export interface Span {
  from: number;
  to: number;
}

/** What is seen: the moment at the left edge of the lanes, milliseconds to a pixel, pixels scrolled down. */
export interface View {
  from: number;
  perPixel: number;
  top: number;
}

/** A lane, or the title of a group of them, which holds no bars. */
export interface Lane {
  id: string;
  title: string;
  isGroup: boolean;
  y: number;
  height: number;
}

/** The room of the lanes: what is left of a canvas beside their names and under the axis. */
export interface Room {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const LANE = 38;
export const GROUP = 26;
const MINUTE = 60_000;
const PER_PIXEL = { least: MINUTE / 12, most: 40 * MINUTE };

export const xOf = (view: View, room: Room, time: number) => room.left + (time - view.from) / view.perPixel;
export const timeAt = (view: View, room: Room, x: number) => view.from + (x - room.left) * view.perPixel;
export const yOf = (view: View, room: Room, lane: Lane) => room.top + lane.y - view.top;

export const seen = (view: View, room: Room): Span => ({ from: view.from, to: view.from + room.width * view.perPixel });

/** Lanes under the titles of their groups, from top to bottom. */
export function stackLanes(groups: { title: string; lanes: { id: string; title: string }[] }[]): Lane[] {
  const lanes: Lane[] = [];
  let y = 0;
  const add = (id: string, title: string, isGroup: boolean) => {
    const height = isGroup ? GROUP : LANE;
    lanes.push({ id, title, isGroup, y, height });
    y += height;
  };
  for (const group of groups) {
    add(`group ${group.title}`, group.title, true);
    for (const lane of group.lanes) add(lane.id, lane.title, false);
  }
  return lanes;
}

export const heightOf = (lanes: Lane[]) => lanes.reduce((sum, it) => sum + it.height, 0);

/** The lane under a height of the canvas; none on the axis, on a title or below the last. */
export function laneAt(lanes: Lane[], view: View, room: Room, y: number): Lane | undefined {
  if (y < room.top || y > room.top + room.height) return undefined;
  const at = y - room.top + view.top;
  const lane = lanes[first(lanes, (it) => it.y + it.height > at)];
  return lane && !lane.isGroup ? lane : undefined;
}

/** The lanes of which something is seen. */
export function lanesSeen(lanes: Lane[], view: View, room: Room): Lane[] {
  return lanes.slice(first(lanes, (it) => it.y + it.height > view.top), first(lanes, (it) => it.y >= view.top + room.height));
}

/** The bars of one lane by their begin, with the latest end up to each, since a short bar may begin after a long one and end before it. */
export class Row<B extends Span> {
  readonly bars: B[];
  #ends: number[] = [];

  constructor(bars: B[]) {
    this.bars = bars.toSorted((one, other) => one.from - other.from);
    for (const bar of this.bars) this.#ends.push(Math.max(this.#ends.at(-1) ?? -Infinity, bar.to));
  }

  /** The bars that reach into a time; at most a few more, never one less. */
  within({ from, to }: Span): B[] {
    const begin = first(this.#ends, (end) => end > from);
    return this.bars.slice(begin, Math.max(begin, first(this.bars, (bar) => bar.from >= to)));
  }

  /** The bar at a time: the one that was drawn last. `slack` makes thin bars wide enough for a finger. */
  at(time: number, slack: number): B | undefined {
    return this.within({ from: time - slack, to: time + slack }).findLast((bar) => bar.from - slack <= time && time <= bar.to + slack);
  }
}

/** The first place where something that stays true becomes so. */
function first<T>(sorted: T[], holds: (it: T) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Within what there is: not before the begin, not past the end, not above the first lane nor below the last. */
export function kept(view: View, room: Room, whole: Span, height: number): View {
  const most = Math.max(PER_PIXEL.least, Math.min(PER_PIXEL.most, (whole.to - whole.from) / Math.max(1, room.width)));
  const perPixel = Math.min(most, Math.max(PER_PIXEL.least, view.perPixel));
  const from = Math.max(whole.from, Math.min(view.from, whole.to - room.width * perPixel));
  return { perPixel, from, top: Math.max(0, Math.min(view.top, height - room.height)) };
}

export const panned = (view: View, dx: number, dy: number): View => ({ ...view, from: view.from - dx * view.perPixel, top: view.top - dy });

/** Nearer or farther; the moment under `x` stays where it is. */
export function zoomed(view: View, room: Room, by: number, x: number): View {
  const perPixel = Math.min(PER_PIXEL.most, Math.max(PER_PIXEL.least, view.perPixel / by));
  return { ...view, perPixel, from: timeAt(view, room, x) - (x - room.left) * perPixel };
}

/** As much time as asked, with a little of what was before `now`. */
export const showing = (view: View, room: Room, now: number, length: number): View => ({ ...view, from: now - length / 12, perPixel: length / Math.max(1, room.width) });
