/** The worker: runs Python, and hands a payload's bytes in and full-size pixels out. */

import * as Comlink from "./runtime/comlink.mjs";
import { startPython } from "./python.js";
import { RestoreError } from "./restore-error.js";

const BANKS = new URL("./banks/", import.meta.url).href;
const FETCH_MILLISECONDS = 60_000;

/**
 * @typedef {"loading" | "restoring"} Stage
 *
 * @typedef {object} Restored
 * @property {number} width columns of the full picture
 * @property {number} height rows of the full picture
 * @property {Uint8ClampedArray<ArrayBuffer>} pixels RGBA, row by row
 * @property {string | undefined} bank id of the filter bank, if it needs one
 * @property {string} engine "kernel" where compiled code runs, else "numpy"
 * @property {number} bytes size of the payload
 * @property {number} milliseconds from the base picture's bytes to full-size pixels
 *
 * @typedef {object} Decoder the Python module raisr_decoder.browser
 * @property {() => {name: string}} engine
 * @property {(payload: Uint8Array) => {width: number, height: number, bank?: string}} describe
 * @property {(payload: Uint8Array, base: Uint8ClampedArray, baseWidth: number, baseHeight: number,
 *   bank?: Uint8Array) => import("pyodide/ffi").PyIterator} restore strips from top to bottom
 */

export class Restorer {
  /** @type {Promise<Decoder> | null} */
  #decoder = null;
  /** @type {Map<string, Promise<Uint8Array>>} */
  #banks = new Map();
  #current = new AbortController();

  /**
   * Restore one payload. Only one restore runs at a time.
   *
   * @param {string} url of the payload
   * @param {((stage: Stage) => void) & Comlink.ProxyMarked} onProgress
   * @returns {Promise<Restored>} its pixels are transferred, not copied
   * @throws {RestoreError}
   */
  async restore(url, onProgress) {
    this.#current = new AbortController();
    const { signal } = this.#current;
    onProgress("loading");
    const [decoder, payload] = await Promise.all([this.#load(), fetchBytes("the picture", url, signal)]);
    signal.throwIfAborted();
    const { width, height, bank } = callPython(() => decoder.describe(payload));
    const filters = bank ? await this.#bank(bank) : undefined;
    signal.throwIfAborted();

    onProgress("restoring");
    const start = performance.now();
    const base = await decodeBase(payload);
    const pixels = new Uint8ClampedArray(4 * width * height);
    const strips = callPython(() =>
      decoder.restore(payload, base.data, base.width, base.height, filters),
    );
    try {
      for (let start = 0; start < pixels.length; ) {
        start += takePixels(callPython(() => strips.next().value), pixels, start);
        await nextTask();
        signal.throwIfAborted();
      }
    } finally {
      strips.destroy();
    }
    const milliseconds = performance.now() - start;
    const bytes = payload.length;
    const { name: engine } = decoder.engine();
    /** @type {Restored} */
    const restored = { width, height, pixels, bank, engine, bytes, milliseconds };
    return Comlink.transfer(restored, [pixels.buffer]);
  }

  /** Give up the restore that is under way. */
  cancel() {
    this.#current.abort();
  }

  /** Load Python once; after a failure the next picture tries again. */
  #load() {
    this.#decoder ??= startPython().catch((error) => {
      this.#decoder = null;
      throw new RestoreError("RuntimeUnavailable", `Python cannot be loaded: ${error.message}`);
    });
    return this.#decoder;
  }

  /**
   * @param {string} id
   * @returns {Promise<Uint8Array>}
   */
  #bank(id) {
    const known = this.#banks.get(id);
    if (known) return known;
    const bank = fetchBytes("the picture's filter bank", `${BANKS}${id}.bank`);
    this.#banks.set(id, bank);
    bank.catch(() => this.#banks.delete(id));
    return bank;
  }
}

/**
 * @param {string} what in words, for the error
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function fetchBytes(what, url, signal) {
  const timeout = AbortSignal.timeout(FETCH_MILLISECONDS);
  try {
    // The page has just fetched the base picture; its copy in the browser's cache will do.
    const response = await fetch(url, {
      cache: "force-cache",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new RestoreError("FetchError", `${what} cannot be fetched: ${message}`);
  }
}

/**
 * The base picture's own pixels, RGBA, with no colour management in between.
 *
 * @param {Uint8Array<ArrayBuffer>} payload
 */
async function decodeBase(payload) {
  try {
    const bitmap = await createImageBitmap(new Blob([payload]), {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
      imageOrientation: "none",
    });
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("no canvas");
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    return context.getImageData(0, 0, canvas.width, canvas.height);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new RestoreError("DecodeError", `the browser cannot decode the base picture: ${message}`);
  }
}

/**
 * Call Python; its exceptions become RestoreErrors of the same name.
 *
 * @template T
 * @param {() => T} call
 * @returns {T}
 */
function callPython(call) {
  try {
    return call();
  } catch (error) {
    const { type = "RuntimeFailed", message } = /** @type {Error & {type?: string}} */ (error);
    // A PythonError's message is the whole traceback, and ends with "module.Type: message".
    const start = message.lastIndexOf(`${type}: `);
    throw new RestoreError(type, start < 0 ? message : message.slice(start + type.length + 2).trim());
  }
}

/**
 * Copy a NumPy array out of Python's memory, and let Python have it back.
 *
 * @param {import("pyodide/ffi").PyBuffer} array flat, uint8
 * @param {Uint8ClampedArray} pixels where it belongs
 * @param {number} start
 * @returns {number} how many samples it has
 */
function takePixels(array, pixels, start) {
  const view = array.getBuffer("u8clamped");
  const { length } = view.data;
  pixels.set(view.data, start);
  view.release();
  array.destroy();
  return length;
}

/** Let messages in, such as the one that cancels. */
function nextTask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(port1.close());
    port2.postMessage(null);
  });
}

Comlink.expose(new Restorer());
