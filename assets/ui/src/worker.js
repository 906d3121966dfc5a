// Keeps the interface on the device, so that a terminal starts without a network. It keeps files of the interface and nothing else: what the
// plant says and what is not yet saved is the pages' business. FILES and VERSION are put before this text when the interface is built.
/* global FILES, VERSION */

/** A wireless network that is there and carries nothing is the usual fault on a floor. */
const PATIENCE = 3000;
const PAGE = "/";

self.addEventListener("install", (event) => {
  const keep = async () => {
    const cache = await caches.open(VERSION);
    // Past the browser's own store: the page has no name of its own by its content.
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
    await self.skipWaiting();
  };
  event.waitUntil(keep());
});

self.addEventListener("activate", (event) => {
  const clear = async () => {
    for (const name of await caches.keys()) if (name !== VERSION) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(clear());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && url.pathname === PAGE) event.respondWith(newest(request));
  else if (url.pathname.startsWith("/assets/")) event.respondWith(kept(request));
});

/** The page as the plant has it; as it was kept where the plant cannot be reached soon. */
async function newest(request) {
  const old = await caches.match(PAGE);
  const asked = fetch(request);
  if (!old) return asked;
  const late = new Promise((done) => setTimeout(() => done(old), PATIENCE));
  return Promise.race([asked.catch(() => old), late]);
}

/** A part's name changes with its content, so what is kept is right. */
async function kept(request) {
  return (await caches.match(request)) ?? fetch(request);
}
