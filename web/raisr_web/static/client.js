/** The page's side of the worker: one worker, one picture at a time, the nearest one first. */

import { RestoreError } from "./restore-error.js";

/** A worker that has been silent for so long at its work is taken for dead. */
const SILENCE_MILLISECONDS = 60_000;
/** After these a worker is of no use any more; a new one gets all that was fetched anew. */
const FATAL = ["RuntimeUnavailable", "RuntimeFailed", "MemoryError"];

/**
 * @typedef {import("./worker.js").Restored} Restored
 * @typedef {import("./worker.js").Progress} Progress
 *
 * @typedef {object} Task
 * @property {() => Promise<string>} address of the picture, asked for when its turn comes
 * @property {() => OffscreenCanvas} canvas to paint on, asked for when its turn comes
 * @property {number | undefined} scale for a picture without a record
 * @property {AbortSignal} signal takes the picture out of the queue, gives up its restore, or tells
 *   that the canvas is not shown any more
 * @property {() => number} distance how far from what the visitor sees; the least goes first
 * @property {(progress: Progress) => void} onProgress
 * @property {() => void} onLost called when the worker that painted the canvas is gone
 */

export class Client {
  /** @type {ReturnType<Client["connect"]> | null} */
  #connection = null;
  #connections = 0;
  #restores = 0;
  /** @type {{distance: () => number, run: () => Promise<void>}[]} */
  #waiting = [];
  #busy = false;

  /**
   * Restore a picture when its turn comes.
   *
   * @param {Task} task
   * @returns {Promise<Restored>}
   * @throws {RestoreError}
   */
  restore(task) {
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
  async #run({ address, canvas, scale, signal, onProgress, onLost }) {
    signal.throwIfAborted();
    const url = await address();
    signal.throwIfAborted();
    const { Comlink, worker, restorer, lost, lose } = await (this.#connection ??= this.connect());
    signal.throwIfAborted();
    lost.throwIfAborted();
    const id = this.#restores++;
    signal.addEventListener("abort", () => restorer.release(id), { once: true });
    const surface = canvas();
    const done = new AbortController();
    const silence = new RestoreError("WorkerFailed", "the worker does not answer");
    let watch = setTimeout(lose, SILENCE_MILLISECONDS, silence);
    const listen = () => {
      clearTimeout(watch);
      watch = setTimeout(lose, SILENCE_MILLISECONDS, silence);
    };
    worker.addEventListener("message", listen, { signal: done.signal });
    try {
      const restored = await new Promise((resolve, reject) => {
        lost.addEventListener("abort", () => reject(lost.reason), { signal: done.signal });
        const transferred = Comlink.transfer(surface, [surface]);
        restorer
          .restore(id, url, scale, transferred, Comlink.proxy(onProgress))
          .then(resolve, reject);
      });
      lost.addEventListener("abort", onLost, { signal });
      return restored;
    } catch (error) {
      if (FATAL.includes(/** @type {Error} */ (error).name)) lose(error);
      throw error;
    } finally {
      done.abort();
      clearTimeout(watch);
    }
  }

  /** Start a worker; should it be lost, the next picture gets a new one. */
  async connect() {
    // Browsers remember which module could not be fetched, but not under another address.
    const again = this.#connections > 0 ? `?${this.#connections}` : "";
    this.#connections += 1;
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    const controller = new AbortController();
    /** @param {unknown} error */
    const lose = (error) => {
      worker.terminate();
      this.#connection = null;
      controller.abort(error);
    };
    worker.addEventListener("error", ({ message }) =>
      lose(new RestoreError("WorkerFailed", message ?? "the worker cannot be loaded")),
    );
    /** @type {typeof import("comlink")} */
    const Comlink = await import(`./runtime/comlink.mjs${again}`).catch(({ message }) => {
      lose(new RestoreError("WorkerFailed", message));
      throw controller.signal.reason;
    });
    /** @type {import("comlink").Remote<import("./worker.js").Restorer>} */
    const restorer = Comlink.wrap(worker);
    return { Comlink, worker, restorer, lost: controller.signal, lose };
  }
}
