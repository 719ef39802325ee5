/** The page's side of the worker: one worker, one image at a time, the nearest one first. */

import { DecodeError } from "./decode-error.js";

/** A worker that has been silent for so long at its work is taken for dead. */
const MAX_SILENCE_MILLISECONDS = 60_000;
/** After these a worker is of no use any more; a new one gets all that was fetched anew. */
const FATAL = ["RuntimeUnavailable", "RuntimeFailed", "MemoryError"];

/**
 * @typedef {import("./messages.js").Decoded} Decoded
 * @typedef {import("./messages.js").PageMessage} PageMessage
 * @typedef {import("./messages.js").WorkerMessage} WorkerMessage
 * @typedef {import("./messages.js").Handlers<import("./messages.js").Answers>} Handlers
 *
 * @typedef {object} Task
 * @property {() => Promise<string>} address of the image, asked for when its turn comes
 * @property {() => OffscreenCanvas} canvas to paint on, asked for when its turn comes
 * @property {number | undefined} scale for an image without metadata
 * @property {AbortSignal} signal takes the image out of the queue, gives up its decoding, or tells
 *   that the canvas is not shown any more
 * @property {() => number} distance how far from what the visitor sees; the least goes first
 * @property {(progress: import("./messages.js").Progress) => void} onProgress
 * @property {() => void} onLost called when the worker that painted the canvas is gone
 */

export class Client {
  /** @type {Connection | null} */
  #connection = null;
  #requests = 0;
  /** @type {{distance: () => number, run: () => Promise<void>}[]} */
  #waiting = [];
  #busy = false;

  /**
   * Decode an image when its turn comes.
   *
   * @param {Task} task
   * @returns {Promise<Decoded>}
   * @throws {DecodeError}
   */
  decode(task) {
    return new Promise((resolve, reject) => {
      const run = () => this.#run(task).then(resolve, reject);
      this.#waiting.push({ distance: task.distance, run });
      // Not at once: others that came into view with this one may be nearer.
      setTimeout(() => this.#next());
    });
  }

  async #next() {
    if (this.#busy) return;
    const ranked = this.#waiting.map((entry) => ({ entry, distance: entry.distance() }));
    const nearest = ranked.sort((one, other) => one.distance - other.distance)[0];
    if (!nearest) return;
    this.#waiting.splice(this.#waiting.indexOf(nearest.entry), 1);
    this.#busy = true;
    await nearest.entry.run();
    this.#busy = false;
    this.#next();
  }

  /** @param {Task} task */
  async #run(task) {
    task.signal.throwIfAborted();
    const url = await task.address();
    task.signal.throwIfAborted();
    // A lost worker is of no use; this image gets a new one.
    if (!this.#connection || this.#connection.lost.aborted) this.#connection = new Connection();
    this.#requests += 1;
    return this.#connection.decode(this.#requests, url, task);
  }
}

/** A worker, and what it is asked. */
class Connection {
  #worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  #loss = new AbortController();

  constructor() {
    this.#worker.addEventListener("error", ({ message }) =>
      this.#lose(new DecodeError("WorkerFailed", message ?? "the worker cannot be loaded")),
    );
  }

  /** Aborted when the worker is gone. */
  get lost() {
    return this.#loss.signal;
  }

  /**
   * @param {number} id of the request
   * @param {string} url
   * @param {Task} task
   * @returns {Promise<Decoded>}
   * @throws {DecodeError}
   */
  async decode(id, url, { canvas, scale, signal, onProgress, onLost }) {
    signal.addEventListener("abort", () => this.#send({ type: "release", id }), { once: true });
    const surface = canvas();
    const settled = new AbortController();
    const silence = new DecodeError("WorkerFailed", "the worker does not answer");
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let watch;
    const wait = () => {
      clearTimeout(watch);
      watch = setTimeout(() => this.#lose(silence), MAX_SILENCE_MILLISECONDS);
    };
    try {
      /** @type {Decoded} */
      const decoded = await new Promise((resolve, reject) => {
        /** @type {Handlers} */
        const handlers = {
          progress: ({ stage, done }) => onProgress({ stage, done }),
          done: (answer) => resolve(answer.decoded),
          failed: ({ error }) => reject(new DecodeError(error.name, error.message)),
          heartbeat: () => {},
        };
        /** @param {MessageEvent<WorkerMessage>} event */
        const listen = ({ data }) => {
          wait();
          const handle = /** @type {(message: WorkerMessage) => void} */ (handlers[data.type]);
          if (data.id === id) handle(data);
        };
        this.#worker.addEventListener("message", listen, { signal: settled.signal });
        const fail = () => reject(this.lost.reason);
        this.lost.addEventListener("abort", fail, { signal: settled.signal });
        this.#send({ type: "decode", id, url, scale, canvas: surface }, [surface]);
        wait();
      });
      this.lost.addEventListener("abort", onLost, { signal });
      return decoded;
    } catch (error) {
      if (FATAL.includes(/** @type {Error} */ (error).name)) this.#lose(error);
      throw error;
    } finally {
      settled.abort();
      clearTimeout(watch);
    }
  }

  /**
   * @param {PageMessage} message
   * @param {Transferable[]} [transferred]
   */
  #send(message, transferred = []) {
    this.#worker.postMessage(message, transferred);
  }

  /** @param {unknown} error */
  #lose(error) {
    this.#worker.terminate();
    this.#loss.abort(error);
  }
}
