// What this browser keeps by itself, over reloads and while the network is gone: named values in IndexedDB. A change reads and writes
// in one transaction, so two tabs never write over each other.

const NAME = "millwright";
const VALUES = "values";

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((done, failed) => {
    const asking = indexedDB.open(NAME, 1);
    asking.onupgradeneeded = () => asking.result.createObjectStore(VALUES);
    asking.onsuccess = () => done(asking.result);
    asking.onerror = () => failed(asking.error);
  });
  return opened;
}

export interface Shelf {
  get<T>(name: string): Promise<T | undefined>;
  /** Answers what is kept from now on. */
  change<T>(name: string, change: (old: T | undefined) => T): Promise<T>;
}

export const shelf: Shelf = {
  async get<T>(name: string) {
    const asking = (await open()).transaction(VALUES).objectStore(VALUES).get(name);
    return new Promise<T | undefined>((done, failed) => {
      asking.onsuccess = () => done(asking.result as T | undefined);
      asking.onerror = () => failed(asking.error);
    });
  },
  async change<T>(name: string, change: (old: T | undefined) => T) {
    const work = (await open()).transaction(VALUES, "readwrite", { durability: "strict" });
    const values = work.objectStore(VALUES);
    return new Promise<T>((done, failed) => {
      let made: T;
      const asking = values.get(name);
      asking.onsuccess = () => values.put((made = change(asking.result as T | undefined)), name);
      work.oncomplete = () => done(made);
      work.onerror = work.onabort = () => failed(work.error);
    });
  },
};

/** Asks; where the plant cannot be reached, answers what it said last. */
export async function kept<T>(name: string, ask: () => Promise<T>, unreachable: (fault: unknown) => boolean): Promise<T> {
  try {
    const answer = await ask();
    await shelf.change(name, () => answer).catch(() => {});
    return answer;
  } catch (fault) {
    const old = unreachable(fault) ? await shelf.get<T>(name).catch(() => undefined) : undefined;
    if (old === undefined) throw fault;
    return old;
  }
}
