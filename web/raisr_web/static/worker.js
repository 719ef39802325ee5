/** The worker: decodes what the page asks for. `messages.d.ts` has the table of messages. */

import { ImageDecoding } from "./decoding.js";

const HEARTBEAT_MILLISECONDS = 2_000;

/**
 * @typedef {import("./messages.js").PageMessage} PageMessage
 * @typedef {import("./messages.js").WorkerMessage} WorkerMessage
 * @typedef {import("./messages.js").Requests} Requests
 */

/** @type {import("./messages.js").Handlers<Requests>} */
const HANDLERS = { decode, release };

const decoding = new ImageDecoding();
/** By the number of a request that is under way. @type {Map<number, AbortController>} */
const controllers = new Map();
/**
 * What pages show: without the worker's half of it a canvas might lose what it shows.
 * @type {Map<number, OffscreenCanvas>}
 */
const canvases = new Map();

addEventListener("message", (/** @type {MessageEvent<PageMessage>} */ { data }) => {
  const handle = /** @type {(message: PageMessage) => void} */ (HANDLERS[data.type]);
  handle(data);
});

/** @param {Requests["decode"]} request */
async function decode({ id, url, scale, canvas }) {
  const controller = new AbortController();
  const { signal } = controller;
  controllers.set(id, controller);
  const heartbeat = setInterval(() => answer({ type: "heartbeat", id }), HEARTBEAT_MILLISECONDS);
  try {
    /** @param {import("./messages.js").Progress} progress */
    const onProgress = (progress) => answer({ type: "progress", id, ...progress });
    const decoded = await decoding.decode({ url, scale, canvas, signal, onProgress });
    if (!signal.aborted) canvases.set(id, canvas);
    answer({ type: "done", id, decoded });
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    answer({ type: "failed", id, error: { name, message } });
  } finally {
    clearInterval(heartbeat);
    controllers.delete(id);
  }
}

/** @param {Requests["release"]} request */
function release({ id }) {
  controllers.get(id)?.abort();
  canvases.delete(id);
}

/** @param {WorkerMessage} message */
function answer(message) {
  postMessage(message);
}
