// Round moments for an axis of time: at most about eight, on full hours of the plant's zone or a round part of one.

const STEPS_MS = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].map((minutes) => minutes * 60_000);

/** Counted from the plant's midnight, so that hours are full also where its zone is off UTC by a half. */
export function ticks(from: number, to: number, midnight = from, most = 8): number[] {
  const step = STEPS_MS.find((it) => (to - from) / it <= most) ?? STEPS_MS.at(-1)!;
  const found: number[] = [];
  for (let at = midnight + Math.ceil((from - midnight) / step) * step; at <= to; at += step) found.push(at);
  return found.filter((at) => at > from && at < to);
}

/** Whole minutes of a step so that a time is shown in at most `most` steps. */
export function stepMinutes(from: number, to: number, most = 720): number {
  const minutes = Math.max(1, (to - from) / 60_000 / most);
  return [1, 2, 5, 10, 15, 30, 60, 120, 360, 1440].find((it) => it >= minutes) ?? 1440;
}
