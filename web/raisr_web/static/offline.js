/**
 * For pages that shall work without a network after the first visit: load this script instead of
 * raisr-img.js. A service worker keeps what the page loads.
 */

await keep().catch((error) => console.info(`raisr: no service worker (${error.message})`));
await import("./raisr-img.js");

/** Hand the page over to the service worker, with what it has loaded before. */
async function keep() {
  const { serviceWorker } = navigator;
  await serviceWorker.register(new URL("../service-worker.js", import.meta.url));
  if (!serviceWorker.controller) {
    await new Promise((resolve) => {
      serviceWorker.addEventListener("controllerchange", resolve, { once: true });
    });
  }
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const own = [location.href, ...loaded].filter((url) => new URL(url).origin === location.origin);
  await Promise.all([...new Set(own)].map((url) => fetch(url)));
}
