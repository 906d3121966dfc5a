// Where the tab is: the address behind the hash. Pages decide nothing by anything else, so every view is a link.
import { link, parse } from "./address";

export { link };

class Router {
  #place = $state.raw(parse(location.hash));

  /** What somebody is asked who would leave in the middle of something. */
  #stay = "";

  constructor() {
    addEventListener("hashchange", () => {
      const here = link(...this.#place.words, Object.fromEntries(this.#place.query));
      if (this.#stay && !confirm(this.#stay)) return history.replaceState(null, "", here);
      this.#place = parse(location.hash);
    });
    addEventListener("beforeunload", (event) => this.#stay && event.preventDefault());
  }

  /** Until the answer is called nobody leaves the page without being asked. */
  hold(says: string): () => void {
    this.#stay = says;
    return () => (this.#stay = "");
  }

  get page(): string {
    return this.#place.words[0] ?? "";
  }
  /** What the page is about: a number, a code. */
  get subject(): string | undefined {
    return this.#place.words[1];
  }
  ask(name: string): string {
    return this.#place.query.get(name) ?? "";
  }
  go(address: string) {
    location.hash = address;
  }
  /** Changes parameters in place: choosing a filter is no step to go back over. */
  set(change: Record<string, string>) {
    const query = Object.fromEntries(this.#place.query);
    history.replaceState(null, "", link(...this.#place.words, { ...query, ...change }));
    this.#place = parse(location.hash);
  }
}

export const router = new Router();
