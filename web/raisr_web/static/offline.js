/**
 * For pages that must work without a network after the first visit: load this script instead of
 * raisr-img.js. A service worker keeps what the page loads.
 */

/** The page does not wait for its service worker any longer. */
const MAX_WAIT_MILLISECONDS = 20_000;

await Promise.race([keep(), tooLate()]).catch(({ message }) => {
  console.info(`raisr: no service worker (${message})`);
});
await import("./raisr-img.js");

/** Hand the page over to the service worker, with all that it has loaded so far. */
async function keep() {
  const { serviceWorker } = navigator;
  await serviceWorker.register(new URL("../service-worker.js", import.meta.url));
  if (!serviceWorker.controller) {
    const controlled = new Promise((resolve) => {
      serviceWorker.addEventListener("controllerchange", resolve, { once: true });
    });
    // One that became active while this page was on its way does not know of it.
    const { active } = await serviceWorker.ready;
    active?.postMessage("claim");
    await controlled;
  }
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const own = [location.href, ...loaded].filter((url) => new URL(url).origin === location.origin);
  await Promise.all([...new Set(own)].map((url) => fetch(url)));
}

/** @returns {Promise<never>} */
function tooLate() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error("it takes too long")), MAX_WAIT_MILLISECONDS);
  });
}
