/** Keeps what pages load. Immutable files come from its cache, others if the network fails. */

const CACHE = "raisr";
const IMMUTABLE = /\/raisr\/(runtime\/[^/]+\/|banks\/[0-9a-f]+\.bank$)/;

const worker = /** @type {any} */ (self);

worker.addEventListener("install", () => worker.skipWaiting());
for (const type of ["activate", "message"]) {
  worker.addEventListener(type, (/** @type {any} */ event) =>
    event.waitUntil(worker.clients.claim()),
  );
}
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { method, url } = event.request;
  if (method === "GET" && new URL(url).origin === location.origin) event.respondWith(answer(event));
});

/** @param {any} event */
async function answer(event) {
  /** @type {Request} */
  const request = event.request;
  const kept = await find(request.url);
  // Whoever asks to reload has found the file damaged.
  if (kept && IMMUTABLE.test(request.url) && request.cache !== "reload") return kept;
  try {
    const response = await fetch(request);
    if (response.status === 200) event.waitUntil(keep(request.url, response.clone()));
    return response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

/** @param {string} url */
async function find(url) {
  try {
    const cache = await caches.open(CACHE);
    return await cache.match(url, { ignoreVary: true });
  } catch {
    return undefined;
  }
}

/**
 * Keep a file. Where there is no room, make room for what pages load from now on.
 *
 * @param {string} url
 * @param {Response} response
 */
async function keep(url, response) {
  try {
    const cache = await caches.open(CACHE);
    await cache.put(url, response);
  } catch (error) {
    const { name } = /** @type {Error} */ (error);
    if (name === "QuotaExceededError") await caches.delete(CACHE).catch(() => {});
  }
}
