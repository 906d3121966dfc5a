// Which tone and shape a state has. Every state has both and a word, so that none rests on colour alone.

export type Tone = "running" | "setup" | "waiting" | "down" | "hold" | "off" | "none" | "good";

const TONES: Record<string, Tone> = {
  running: "running", producing: "running", in_progress: "running", available: "running", live: "running", active: "running", ready: "running", shipped: "running",
  setup: "setup", scheduled: "setup", connecting: "setup",
  waiting: "waiting", idle: "waiting", interrupted: "waiting", silent: "waiting", pending_parts: "waiting", escalated: "waiting", late: "waiting", unclassified: "waiting",
  work: "running", behind: "waiting", people: "waiting", release: "waiting", material: "waiting", tool: "waiting", batch: "running",
  saved: "good", in_time: "good", broken: "down",
  down: "down", failed: "down",
  on_hold: "hold", quarantine: "hold",
  maintenance: "off", planned_stop: "off", closed: "off", not_planned: "off", off: "off", created: "off", pending: "off", cancelled: "off", exhausted: "off", inactive: "off", skipped: "off", planned: "off",
  released: "off", resolved: "off",
  completed: "good",
  no_data: "none",
};

export const toneOf = (state: string): Tone => TONES[state] ?? "off";

/** Paths in a box of 14 by 14; filled or drawn. */
export const SHAPES: Record<Tone, { path: string; filled: boolean }> = {
  running: { path: "M3.5 2v10L12 7z", filled: true },
  setup: { path: "M7 7V2a5 5 0 0 1 5 5z", filled: true },
  waiting: { path: "M4.5 2.5v9M9.5 2.5v9", filled: false },
  down: { path: "M3 3l8 8M11 3l-8 8", filled: false },
  hold: { path: "M7 1.5L12.5 7 7 12.5 1.5 7z", filled: true },
  off: { path: "M3 7h8", filled: false },
  none: { path: "M5 5a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1.1M7 10.6v.4", filled: false },
  good: { path: "M2.5 7.5l3 3 6-7", filled: false },
};
