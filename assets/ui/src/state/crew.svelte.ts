// The people at this terminal: who may sign on, who is on, and whose hand acts now. Elsewhere there is no terminal and nobody on it.
import type { Door, Standing, Terminal } from "../api/answers";
import { endSession, hand, read, Refused, send } from "../api/client";
import { kept } from "./shelf";

const KEPT = "person";
/** Kept in place of a person while somebody is logged in by a password. */
const ASIDE = "-";

class Crew {
  terminal = $state.raw<Terminal>();
  /** The people of a demo, who log in by one tap. */
  demo = $state.raw<Door["demo"]>([]);
  active = $state("");

  get on(): Standing[] {
    return this.terminal?.signed_on ?? [];
  }
  get current(): Standing | undefined {
    return this.on.find((it) => it.user_id === this.active);
  }

  async learn() {
    const door = await kept("door", () => read<Door>("door"), unreachable);
    this.terminal = door.terminal ?? undefined;
    this.demo = door.demo;
    const last = this.active || localStorage.getItem(KEPT);
    if (last === ASIDE) return;
    this.choose((this.on.find((it) => it.user_id === last) ?? this.on.at(-1))?.user_id ?? "");
  }

  choose(person: string) {
    this.active = hand.person = person;
    localStorage.setItem(KEPT, person);
  }

  /** Somebody logs in by a password: the hands of the terminal rest. */
  stepAside() {
    this.active = hand.person = "";
    localStorage.setItem(KEPT, ASIDE);
  }

  stepBack() {
    if (localStorage.getItem(KEPT) === ASIDE) localStorage.removeItem(KEPT);
  }

  /** Signs on; answers who it is. */
  async signOn(shown: { badge_number?: string; badge_id?: string; pin?: string }): Promise<Standing> {
    const standing = (await send("post", "/api/v1/terminals/{id}/badge", shown, { id: this.terminal!.terminal_id }, undefined, "")) as Standing;
    const terminal = this.terminal!;
    this.terminal = { ...terminal, signed_on: [...terminal.signed_on.filter((it) => it.user_id !== standing.user_id), standing] };
    this.choose(standing.user_id);
    return standing;
  }

  async signOff(person: string) {
    await endSession(person);
    await this.learn();
  }
}

export const unreachable = (fault: unknown) => fault instanceof Refused && fault.status === 0;

export const crew = new Crew();
