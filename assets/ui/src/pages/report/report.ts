// Reports as the API answers them, and the addresses of their files.
export type Cell = string | number | boolean | null | (number | null)[];
export type Rows = Record<string, Cell>[];

export interface Report {
  title: string;
  time: string;
  from: string | null;
  to: string | null;
  as_of_seq: number;
  sha256: string;
  data: { facts: Record<string, Cell>; tables: Record<string, Rows>; notes: string[] };
}

export interface Metric {
  metric: string;
  title: string;
  figure: number | null;
  target: number;
  unit: string;
  target_met: boolean | null;
  basis: string;
  numerator: number;
  denominator: number;
  before: number | null;
  trend: "better" | "worse" | "same" | null;
  periods: (number | null)[];
}

export type Query = Record<string, string | undefined>;

/** Where a report's file is. */
export function fileOf(path: string, format: string, query: Query = {}): string {
  const told = Object.entries({ ...query, format }).filter((it): it is [string, string] => !!it[1]);
  return `/api/v1/${path}?${new URLSearchParams(told)}`;
}

/** A line over a box of 100 by 24: gaps where nothing is known, in the middle where nothing changes. */
export function spark(values: (number | null)[]): string {
  const known = values.filter((it): it is number => it !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const place = (value: number) => (high === low ? 12 : 22 - (20 * (value - low)) / (high - low));
  let path = "";
  let pen = "M";
  values.forEach((value, at) => {
    if (value === null) {
      pen = "M";
      return;
    }
    path += `${pen}${((100 * at) / Math.max(1, values.length - 1)).toFixed(1)} ${place(value).toFixed(1)}`;
    pen = "L";
  });
  return path;
}
