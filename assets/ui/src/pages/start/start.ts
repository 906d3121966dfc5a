// The acts of the first start, before there is a plant and anybody who could log in.
import { refused, Refused } from "../../api/client";
import { upload } from "../../api/upload";

export interface Progress {
  step: "sending" | "restoring";
  done: number;
  total: number;
}

const LOOK_MS = 500;
const ADDRESS = "/api/v1/founding";

const pause = () => new Promise((ready) => setTimeout(ready, LOOK_MS));

export async function found(code: string, plant: Record<string, string>): Promise<void> {
  const answer = await fetch(ADDRESS, { method: "POST", body: JSON.stringify(plant), headers: { "Content-Type": "application/json", "Millwright-Code": code } }).catch(() => {
    throw new Refused(0, "unreachable", "");
  });
  if (!answer.ok) throw refused(answer.status, await answer.text());
}

/** Sends a backup and tells how far it is; the server, when it has all of it, tells how far restoring is. */
export function restore(code: string, backup: File, tell: (progress: Progress) => void): Promise<void> {
  let isDone = false;
  const follow = async () => {
    while (!isDone) {
      const told = await fetch(ADDRESS).then((answer) => answer.json() as Promise<{ done: number; total: number }>).catch(() => undefined);
      if (told?.total) tell({ step: "restoring", ...told });
      await pause();
    }
  };
  const sent = (done: number, total: number) => tell({ step: "sending", done, total });
  return upload<void>(`${ADDRESS}/restore`, backup, { headers: { "Millwright-Code": code }, sent, arrived: () => void follow() }).finally(() => (isDone = true));
}

/** The plant opens its store and its address a moment after the founding. */
export async function awaitPlant(): Promise<void> {
  for (;;) {
    const ready = await fetch("/readyz").then((answer) => answer.ok, () => false);
    if (ready) return;
    await pause();
  }
}
