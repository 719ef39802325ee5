/** The page's side of the worker: one worker, one picture at a time, the nearest one first. */

import { RestoreError } from "./restore-error.js";

/**
 * @typedef {import("./worker.js").Restored} Restored
 * @typedef {import("./worker.js").Progress} Progress
 *
 * @typedef {object} Task
 * @property {() => Promise<string>} address of the picture, asked for when its turn comes
 * @property {number | undefined} scale for a picture without a record
 * @property {AbortSignal} signal takes the picture out of the queue, or gives up its restore
 * @property {() => number} distance how far from what the visitor sees; the least goes first
 * @property {(progress: Progress) => void} onProgress
 */

export class Client {
  /** @type {ReturnType<Client["start"]> | null} */
  #worker = null;
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
  async #run({ address, scale, signal, onProgress }) {
    signal.throwIfAborted();
    const url = await address();
    signal.throwIfAborted();
    const { Comlink, restorer, failure } = await (this.#worker ??= this.start());
    const cancel = () => restorer.cancel();
    signal.addEventListener("abort", cancel);
    try {
      return await Promise.race([
        restorer.restore(url, scale, Comlink.proxy(onProgress)),
        failure,
      ]);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  /** Start a worker; should it fail, the next picture gets a new one. */
  async start() {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    /** @type {Promise<never>} */
    const failure = new Promise((_, reject) => {
      worker.addEventListener("error", (event) => {
        worker.terminate();
        this.#worker = null;
        reject(new RestoreError("WorkerFailed", event.message ?? "the worker cannot be loaded"));
      });
    });
    const Comlink = await import("./runtime/comlink.mjs");
    /** @type {import("comlink").Remote<import("./worker.js").Restorer>} */
    const restorer = Comlink.wrap(worker);
    return { Comlink, restorer, failure };
  }
}
