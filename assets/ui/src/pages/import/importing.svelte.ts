// How far an import is: how much of the file is sent, that the server reads it, how many of its rows are done; and how long it takes.
import type { ImportReport, RunningImport } from "../../api/answers";
import { read, type Page } from "../../api/client";
import { upload } from "../../api/upload";
import { session } from "../../state/session.svelte";

/** How often the server is asked, and the clock goes on. */
const LOOK_MS = 500;

export type Stage = { step: "sending"; done: number; total: number } | { step: "reading" } | { step: "rows"; done: number; total: number };

export interface Asked {
  kind: string;
  dry_run: boolean;
  map?: string;
}

export const runningImports = async () => (await read<Page<RunningImport>>("imports")).data;

/** What the server tells of an import that has reached it. */
export const stageOf = (told: RunningImport | undefined): Stage => (told?.total ? { step: "rows", done: told.done, total: told.total } : { step: "reading" });

/** The share that is done, where it is known. */
export const shareOf = (stage: Stage): number | undefined => (stage.step === "reading" || !stage.total ? undefined : stage.done / stage.total);

export class Importing {
  stage = $state.raw<Stage>();
  seconds = $state(0);

  /** Brings a file in, or only looks at it. */
  async bring(file_name: string, content: ArrayBuffer, { kind, dry_run, map }: Asked): Promise<ImportReport> {
    const began = performance.now();
    let hasArrived = false;
    const look = async () => {
      this.seconds = (performance.now() - began) / 1000;
      if (!hasArrived) return;
      const own = (it: RunningImport) => it.kind === kind && it.file_name === file_name && it.dry_run === dry_run && it.actor === session.current?.user_name;
      // Whoever cannot ask now asks again; only the import's own answer ends it.
      const told = await runningImports().catch(() => undefined);
      if (told && this.stage) this.stage = stageOf(told.find(own));
    };
    this.seconds = 0;
    this.stage = { step: "sending", done: 0, total: content.byteLength };
    const beat = setInterval(look, LOOK_MS);
    try {
      return await upload<ImportReport>(`/api/v1/imports/${kind}?${new URLSearchParams({ dry_run: String(dry_run), file_name, ...(map ? { map } : {}) })}`, content, {
        headers: { "Content-Type": "application/octet-stream" },
        sent: (done, total) => (this.stage = { step: "sending", done, total }),
        arrived: () => {
          hasArrived = true;
          this.stage = { step: "reading" };
        },
      });
    } finally {
      clearInterval(beat);
      this.stage = undefined;
    }
  }
}
