// Where a bar goes that is moved: to steps of five minutes, from lane to lane, and what is said of it. Pure; nothing is asked or drawn here.
import type { MoveAnswer, Placed } from "../../api/answers";
import type { Lane, Span } from "../../canvas/timeline";
import type { Bar } from "./bars";

export const STEP = 5 * 60_000;
export const LEAP = 60 * 60_000;

/** A place on the Gantt. */
export interface Place {
  lane: string;
  from: number;
}

export const isSame = (one: Place | undefined, other: Place | undefined) => one?.lane === other?.lane && one?.from === other?.from;

/** The nearest step, counted from the hour, so that bars stand where people say they do. */
export const snapped = (time: number) => Math.round(time / STEP) * STEP;

/** The next lane up or down; the same where there is none. */
export function nextLane(lanes: Lane[], lane: string, by: 1 | -1): string {
  const all = lanes.filter((it) => !it.isGroup);
  const at = all.findIndex((it) => it.id === lane);
  return all[Math.max(0, Math.min(all.length - 1, at + by))]?.id ?? lane;
}

/** A place by keys: the next step, the next hour with Shift, the next lane. */
export function stepped(place: Place, lanes: Lane[], key: string, isLeap: boolean): Place | undefined {
  const time = isLeap ? LEAP : STEP;
  if (key === "ArrowLeft") return { ...place, from: snapped(place.from - time) };
  if (key === "ArrowRight") return { ...place, from: snapped(place.from + time) };
  if (key === "ArrowUp") return { ...place, lane: nextLane(lanes, place.lane, -1) };
  if (key === "ArrowDown") return { ...place, lane: nextLane(lanes, place.lane, 1) };
  return undefined;
}

export interface Outline extends Span, Place {
  late: boolean;
}

const outlined = (to: Placed, late: boolean): Outline => ({ lane: to.work_center_id, from: Date.parse(to.planned_start_time), to: Date.parse(to.planned_end_time), late });

/** What would stand elsewhere, the moved bar first; before anything is known it is as long as it was. */
export function outlines(bar: Bar, place: Place, answer: MoveAnswer | undefined): Outline[] {
  const alone = { ...place, to: place.from + bar.to - bar.from, late: bar.late };
  if (!answer?.does || !answer.moves) return [alone];
  return answer.moves.map((it) => outlined(it.to, it.is_late));
}

export const nearest = (answer: MoveAnswer | undefined): Outline | undefined => (answer?.nearest ? outlined(answer.nearest, false) : undefined);

/** The planned bars that are seen, lane by lane, in the order of time: what keys go through. */
export function inTurn(bars: Bar[], lanes: Lane[], time: Span): Bar[] {
  const rank = new Map(lanes.map((it, at) => [it.id, at]));
  const movable = bars.filter((it) => it.state === "planned" && rank.has(it.lane) && it.to > time.from && it.from < time.to);
  return movable.sort((one, other) => rank.get(one.lane)! - rank.get(other.lane)! || one.from - other.from);
}

/** The bar after (or before) one, round and round. */
export function turned(all: Bar[], key: string, by: 1 | -1): Bar | undefined {
  const at = all.findIndex((it) => it.key === key);
  return all[at < 0 ? (by === 1 ? 0 : all.length - 1) : (at + by + all.length) % all.length];
}

