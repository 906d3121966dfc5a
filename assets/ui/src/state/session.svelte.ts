// Who is logged in at this tab, and what their role may do. The cookie itself is never seen here.
import type { Session } from "../api/answers";
import { door, endSession, read, Refused, send } from "../api/client";
import { live } from "./live.svelte";
import { plant } from "./plant.svelte";

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
      live.stop();
    };
  }

  async resume() {
    try {
      const session = await read<Session>("session");
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
    await send("post", "/api/v1/session", { user_name, password });
    await this.resume();
  }

  async logOut() {
    await endSession();
    this.ended = false;
    this.#leave();
  }

  may(act: string): boolean {
    return this.current?.may.includes(act) ?? false;
  }

  #leave() {
    live.stop();
    this.current = undefined;
  }
}

export const session = new Holder();
