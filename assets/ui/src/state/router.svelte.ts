// Where the tab is: the address behind the hash, as words and parameters. Pages decide nothing by anything else, so every view is a link.

interface Place {
  words: string[];
  query: URLSearchParams;
}

export function parse(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { words: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

/** A broken address is shown as it is rather than as an error. */
function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

/** The address of a page: `link("lots", number)`; empty parameters are left out. */
export function link(...parts: (string | Record<string, string | undefined>)[]): string {
  const words = parts.filter((it) => typeof it === "string").map(encodeURIComponent);
  const query = new URLSearchParams();
  for (const part of parts) if (typeof part === "object") for (const [name, value] of Object.entries(part)) if (value) query.set(name, value);
  return `#/${words.join("/")}${query.size ? `?${query}` : ""}`;
}

class Router {
  #place = $state.raw(parse(location.hash));

  constructor() {
    addEventListener("hashchange", () => (this.#place = parse(location.hash)));
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
