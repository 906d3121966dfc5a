// A list that is read page by page. Once somebody has gone on to older rows the first page stays as it is, so that no row is shown
// twice or left out; another filter begins anew.
import { untrack } from "svelte";
import { read, type Page } from "../api/client";
import { Deed } from "./deed.svelte";
import { reading, type Follow, type Reading } from "./reading.svelte";

export interface Asked {
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
}

export class Paged<T> {
  readonly first: Reading<Page<T> | undefined>;
  readonly more = new Deed();
  #older = $state.raw<T[]>([]);
  #next = $state<string | null>();
  #asked = "";

  constructor(
    private ask: () => Asked | undefined,
    follow: Follow,
  ) {
    this.first = reading(() => this.#begin(), follow);
  }

  /** Not known while the first page is asked for. */
  get rows(): T[] | undefined {
    return this.first.data && [...this.first.data.data, ...this.#older];
  }

  get hasMore(): boolean {
    return !!this.#cursor;
  }

  goOn() {
    const [{ path, query } = { path: "" }, cursor] = [this.ask(), this.#cursor];
    if (!path || !cursor) return;
    return this.more.do(async () => {
      const page = await read<Page<T>>(path, { ...query, cursor });
      this.#older = [...this.#older, ...page.data];
      this.#next = page.next_cursor;
    });
  }

  again = () => {
    this.#asked = "";
    return this.first.again();
  };

  get #cursor() {
    return this.#next === undefined ? this.first.data?.next_cursor : this.#next;
  }

  #begin(): Promise<Page<T>> | undefined {
    const asked = this.ask();
    if (!asked) return undefined;
    const key = JSON.stringify(asked);
    const isSame = key === this.#asked;
    if (isSame && untrack(() => this.#older.length)) return undefined;
    this.#asked = key;
    this.#older = [];
    this.#next = undefined;
    return read<Page<T>>(asked.path, asked.query);
  }
}

export const paged = <T>(ask: () => Asked | undefined, follow: Follow = {}) => new Paged<T>(ask, follow);
