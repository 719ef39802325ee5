/** The page's side of the worker: one worker, one queue, started with the first picture. */

import * as Comlink from "./runtime/comlink.mjs";
import { RestoreError } from "./restore-error.js";

/**
 * @typedef {import("./worker.js").Restored} Restored
 * @typedef {import("./worker.js").Stage} Stage
 */

export class Client {
  /** @type {ReturnType<Client["start"]> | null} */
  #worker = null;
  /** @type {Promise<unknown>} */
  #lastInQueue = Promise.resolve();

  /**
   * Restore a payload when its turn comes.
   *
   * @param {string} url of the payload
   * @param {AbortSignal} signal takes the picture out of the queue, or gives up its restore
   * @param {(stage: Stage) => void} onProgress
   * @returns {Promise<Restored>}
   * @throws {RestoreError}
   */
  restore(url, signal, onProgress) {
    const turn = this.#lastInQueue.then(() => this.#run(url, signal, onProgress));
    this.#lastInQueue = turn.catch(() => {});
    return turn;
  }

  /**
   * @param {string} url
   * @param {AbortSignal} signal
   * @param {(stage: Stage) => void} onProgress
   */
  async #run(url, signal, onProgress) {
    signal.throwIfAborted();
    const { restorer, failure } = (this.#worker ??= this.start());
    const cancel = () => restorer.cancel();
    signal.addEventListener("abort", cancel);
    try {
      return await Promise.race([restorer.restore(url, Comlink.proxy(onProgress)), failure]);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  /** Start a worker; should it fail, the next picture gets a new one. */
  start() {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    /** @type {Comlink.Remote<import("./worker.js").Restorer>} */
    const restorer = Comlink.wrap(worker);
    /** @type {Promise<never>} */
    const failure = new Promise((_, reject) => {
      worker.addEventListener("error", (event) => {
        worker.terminate();
        this.#worker = null;
        reject(new RestoreError("WorkerFailed", event.message ?? "the worker cannot be loaded"));
      });
    });
    return { restorer, failure };
  }
}
