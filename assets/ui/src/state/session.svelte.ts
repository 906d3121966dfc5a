// Who is logged in at this tab, and what their role may do. The cookie itself is never seen here. While the plant cannot be reached,
// whoever was logged in last goes on with what the device keeps.
import type { Session } from "../api/answers";
import { door, endSession, hand, read, Refused, send } from "../api/client";
import { crew, unreachable } from "./crew.svelte";
import { live } from "./live.svelte";
import { plant } from "./plant.svelte";
import { kept, shelf } from "./shelf";

const KEPT = "session";

class Holder {
  current = $state.raw<Session>();
  /** Nobody knows yet whether somebody is logged in. */
  asking = $state(true);
  /** The log-in ended by itself: the door stands before the page, which keeps what was typed. */
  ended = $state(false);
  fault = $state.raw<Refused>();
  /** The server has no plant yet, and waits for somebody to start one. */
  unfounded = $state(false);

  constructor() {
    door.closed = () => {
      if (this.ended) return;
      this.ended = this.current !== undefined;
      crew.stepBack();
      // At a terminal others go on; elsewhere the page waits behind the door.
      if (crew.terminal) this.#leave();
      else this.#forget();
    };
  }

  async resume() {
    this.fault = undefined;
    try {
      await crew.learn();
      const session = await kept(KEPT, () => read<Session>("session"), unreachable);
      await plant.learn();
      this.current = session;
      this.ended = false;
      live.listen();
    } catch (fault) {
      if (fault instanceof Refused && fault.status === 503) this.unfounded = await read<{ founded: boolean }>("founding").then((told) => !told.founded, () => false);
      if (fault instanceof Refused && fault.status !== 401) this.fault = fault;
    } finally {
      this.asking = false;
    }
  }

  async logIn(user_name: string, password: string) {
    await send("post", "/api/v1/session", { user_name, password }, {}, undefined, "");
    crew.stepAside();
    await this.resume();
  }

  /** As one of a demo's people. */
  async logInAs(user_name: string) {
    await send("post", "/api/v1/session/demo", { user_name }, {}, undefined, "");
    crew.stepAside();
    await this.resume();
  }

  async logOut() {
    await endSession();
    crew.stepBack();
    this.ended = false;
    if (crew.terminal) await crew.learn();
    if (hand.person) await this.resume();
    else this.#leave();
  }

  may(act: string): boolean {
    return this.current?.may.includes(act) ?? false;
  }

  /** Not even without a network does anybody go on as whoever has left. */
  #forget() {
    live.stop();
    void shelf.change(KEPT, () => undefined).catch(() => {});
  }

  #leave() {
    this.#forget();
    this.current = undefined;
    // Others may still be signed on at this terminal.
    if (crew.terminal) void crew.learn().then(() => (hand.person ? this.resume() : undefined), () => {});
  }
}

export const session = new Holder();
