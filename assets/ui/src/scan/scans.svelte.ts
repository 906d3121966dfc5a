// One way for every scan, on every page: keys of a scanner or the camera come in, the page that is open acts on them or the plant says what
// they are, and a banner names what was read. Codes that come together are taken one after the other.
import type { Scanned } from "../api/answers";
import { read as ask, Refused } from "../api/client";
import { placeOf } from "../shell/places";
import { link, router } from "../state/router.svelte";
import { t, word } from "../words/index.svelte";
import { take, type Read } from "./code";
import { Twice, Wedge } from "./wedge";

/** Acts on a code and answers the sentence about it; `undefined` where it is another's. */
export type Handler = (read: Read) => Promise<string | undefined> | undefined;

const SHOWN = 5000;
const LIMIT = "scan-limit";
const PREFIX = "scan-prefix";

type Field = HTMLInputElement | HTMLTextAreaElement;

class Scans {
  says = $state("");
  wrong = $state(false);
  #handlers: Handler[] = [];
  #line: Promise<void> = Promise.resolve();
  #twice = new Twice();
  #wedge = new Wedge(Number(localStorage.getItem(LIMIT)) || undefined, localStorage.getItem(PREFIX) ?? "", (limit) => localStorage.setItem(LIMIT, String(limit)));
  #quiet: ReturnType<typeof setTimeout> | undefined;

  /** The newest that hears is asked first, until the answer is called. */
  hear(handler: Handler): () => void {
    this.#handlers.unshift(handler);
    return () => (this.#handlers = this.#handlers.filter((it) => it !== handler));
  }

  /** Every key of the page comes by here first. */
  key(event: KeyboardEvent) {
    if (event.isComposing || event.metaKey || event.altKey || (event.ctrlKey && event.key !== "]")) return;
    const field = fieldOf(event.target);
    // A password is nobody's code.
    if (field?.type === "password") return;
    const key = event.ctrlKey ? "F8" : event.key;
    const verdict = this.#wedge.stroke({ key, time: event.timeStamp, inField: field !== undefined });
    if (verdict.is !== "scan") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    // What the scanner typed into a field is taken out again.
    if (field) without(field, verdict.typed.replaceAll("\u001d", ""));
    this.take(verdict.code);
  }

  take(raw: string) {
    const read = take(raw);
    if (!read) return this.#say(t("scan.garbage"), true);
    const isRepeat = this.#twice.is(read.code, performance.now());
    // In the order of the scans: what the first came to must not hide that there was a second.
    this.#line = this.#line.then(() => (isRepeat ? this.#say(t("scan.twice", { code: read.code })) : this.#act(read)));
  }

  async #act(read: Read) {
    try {
      for (const handler of this.#handlers) {
        const said = await handler(read);
        if (said !== undefined) return this.#say(said);
      }
      this.#say(await this.#go(read));
    } catch (fault) {
      const why = fault instanceof Refused && fault.status === 0 ? t("scan.offline", { code: read.code }) : fault instanceof Error ? fault.message : String(fault);
      this.#say(why, true);
    }
  }

  async #go(read: Read): Promise<string> {
    const found = await resolve(read);
    if (found.kind === "badge") return t("scan.badge");
    if (found.kind === "work_center") router.go(link("station", found.number!));
    else router.go(found.work_order_id ? placeOf(found.work_order_id) : placeOf(found.id!));
    return named(found);
  }

  #say(text: string, wrong = false) {
    [this.says, this.wrong] = [text, wrong];
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => (this.says = ""), SHOWN);
  }
}

/** What a code stands for, as the plant knows it. */
export function resolve({ code, lot, serial, sscc }: Read): Promise<Scanned> {
  return ask<Scanned>("scan", lot || serial || sscc ? { lot, serial, sscc } : { code });
}

export const named = (found: Scanned) => t("scan.found", { kind: word("kind", found.kind), number: found.number ?? "" });

function without(field: Field, typed: string) {
  const end = field.selectionStart ?? field.value.length;
  if (field.value.slice(0, end).endsWith(typed)) field.value = field.value.slice(0, end - typed.length) + field.value.slice(end);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function fieldOf(target: EventTarget | null): Field | undefined {
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type)) ? target : undefined;
}

export const scans = new Scans();
