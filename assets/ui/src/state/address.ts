// Addresses of pages, behind the hash: words and parameters, written and read.

export interface Place {
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
