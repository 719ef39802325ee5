/** The worker: runs Python, hands a payload's bytes in, and paints full-size pixels. */

import * as Comlink from "./runtime/comlink.mjs";
import { fetchWithRetry } from "./fetch-with-retry.js";
import { startPython } from "./python.js";
import { RestoreError } from "./restore-error.js";

const BANKS = new URL("./banks/", import.meta.url).href;
const FETCH_MILLISECONDS = 60_000;
/** What may be the fault of bytes that a cache holds, or that have arrived in part. */
const TRANSIENT = [
  "FetchError",
  "DecodeError",
  "ContainerDamaged",
  "MetadataDamaged",
  "BankDamaged",
  "BankMismatch",
];
/** How often the page hears that the worker is alive. */
const HEARTBEAT_MILLISECONDS = 2_000;
/** A page that nobody looks at paints nothing; it is not waited for any longer. */
const PAINT_MILLISECONDS = 1_000;

/**
 * @typedef {{stage: "loading" | "restoring", done: number}} Progress `done` rises from 0 to 1
 *
 * @typedef {object} Restored
 * @property {number} width columns of the full picture
 * @property {number} height rows of the full picture
 * @property {string | undefined} bank id of the filter bank, if it needs one
 * @property {string} engine "kernel" where compiled code runs, else "numpy"
 * @property {number} bytes size of the picture's file
 * @property {number} milliseconds from the base picture's bytes to full-size pixels
 *
 * @typedef {{width: number, height: number, bank?: string}} Plan
 *
 * @typedef {object} Decoder the Python module raisr_decoder.browser
 * @property {() => {name: string}} engine
 * @property {(payload: Uint8Array) => Plan} describe
 * @property {(payload: Uint8Array, base: Uint8ClampedArray, baseWidth: number, baseHeight: number,
 *   bank?: Uint8Array) => import("pyodide/ffi").PyIterator} restore strips from top to bottom
 * @property {(base: Uint8ClampedArray, baseWidth: number, baseHeight: number, width: number,
 *   height: number, bank: Uint8Array) => import("pyodide/ffi").PyIterator} upscale the same
 */

export class Restorer {
  /** @type {Promise<Decoder> | null} */
  #decoder = null;
  /** @type {Map<string, Promise<Uint8Array>>} */
  #banks = new Map();
  /** What pages show: without the worker's half of it a canvas might lose what it shows.
   * @type {Map<number, OffscreenCanvas>} */
  #canvases = new Map();
  /** @type {{id: number, controller: AbortController} | null} */
  #current = null;

  /**
   * Restore one picture. Only one restore runs at a time.
   *
   * @param {number} id names the restore and its canvas to `release`
   * @param {string} url of the picture
   * @param {number | undefined} scale for a picture without a record; others know their size
   * @param {OffscreenCanvas} canvas is painted strip by strip
   * @param {((progress: Progress) => void) & Comlink.ProxyMarked} onProgress the next strip is made
   *   when it has returned
   * @returns {Promise<Restored>}
   * @throws {RestoreError}
   */
  async restore(id, url, scale, canvas, onProgress) {
    const controller = new AbortController();
    this.#current = { id, controller };
    const heartbeat = setInterval(() => postMessage("alive"), HEARTBEAT_MILLISECONDS);
    try {
      const restored = await this.#attempts(url, scale, canvas, onProgress, controller.signal);
      if (!controller.signal.aborted) this.#canvases.set(id, canvas);
      return restored;
    } finally {
      clearInterval(heartbeat);
      this.#current = null;
    }
  }

  /**
   * Give up a restore that is under way, or the canvas of one that is done.
   *
   * @param {number} id
   */
  release(id) {
    if (this.#current?.id === id) this.#current.controller.abort();
    this.#canvases.delete(id);
  }

  /**
   * Restore from what the browser has kept, or if that does not do, from what the server has now.
   *
   * @param {string} url
   * @param {number | undefined} scale
   * @param {OffscreenCanvas} canvas
   * @param {((progress: Progress) => void) & Comlink.ProxyMarked} onProgress
   * @param {AbortSignal} signal
   */
  async #attempts(url, scale, canvas, onProgress, signal) {
    onProgress({ stage: "loading", done: 0 });
    const decoder = this.#load();
    // The page has just fetched the base picture; its copy in the browser's cache will do.
    const kept = fetchBytes("the picture", url, "force-cache", signal);
    try {
      const [python, file] = await Promise.all([decoder, kept]);
      return await this.#restore(python, file, scale, canvas, "force-cache", onProgress, signal);
    } catch (error) {
      if (!TRANSIENT.includes(/** @type {Error} */ (error).name)) throw error;
    }
    signal.throwIfAborted();
    this.#banks.clear();
    const [python, file] = [await decoder, await fetchBytes("the picture", url, "reload", signal)];
    return this.#restore(python, file, scale, canvas, "reload", onProgress, signal);
  }

  /**
   * @param {Decoder} decoder
   * @param {Uint8Array<ArrayBuffer>} file
   * @param {number | undefined} scale
   * @param {OffscreenCanvas} canvas
   * @param {RequestCache} cache
   * @param {((progress: Progress) => void) & Comlink.ProxyMarked} onProgress
   * @param {AbortSignal} signal
   * @returns {Promise<Restored>}
   */
  async #restore(decoder, file, scale, canvas, cache, onProgress, signal) {
    signal.throwIfAborted();
    const record = describe(decoder, file, scale);
    const start = performance.now();
    const base = await decodeBase(file);
    const { width, height, bank } = record ?? (await enlargement(file, base, scale ?? 1));
    const filters = bank ? await this.#bank(bank, cache) : undefined;
    signal.throwIfAborted();

    const strips = callPython(() =>
      record || !filters
        ? decoder.restore(file, base.data, base.width, base.height, filters)
        : decoder.upscale(base.data, base.width, base.height, width, height, filters),
    );
    try {
      /** @type {OffscreenCanvasRenderingContext2D | null} */
      let context = null;
      for (let top = 0; top < height; ) {
        const strip = callPython(() => strips.next().value);
        // Not before Python has found that the sizes belong together; Firefox lets ask only once.
        context ??= contextOf(Object.assign(canvas, { width, height }));
        top += paint(context, strip, top);
        await onProgress({ stage: "restoring", done: top / height });
        signal.throwIfAborted();
      }
    } finally {
      strips.destroy();
    }
    const milliseconds = performance.now() - start;
    await painted();
    const { name: engine } = decoder.engine();
    return { width, height, bank, engine, bytes: file.length, milliseconds };
  }

  /** Load Python once; after a failure the page starts a new worker, which tries again. */
  #load() {
    this.#decoder ??= startPython().catch((error) => {
      throw new RestoreError("RuntimeUnavailable", `Python cannot be loaded: ${error.message}`);
    });
    return this.#decoder;
  }

  /**
   * @param {string} id
   * @param {RequestCache} cache
   * @returns {Promise<Uint8Array>}
   */
  #bank(id, cache) {
    const known = this.#banks.get(id);
    if (known) return known;
    const bank = fetchBytes("the picture's filter bank", `${BANKS}${id}.bank`, cache);
    this.#banks.set(id, bank);
    bank.catch(() => this.#banks.delete(id));
    return bank;
  }
}

/**
 * @param {string} what in words, for the error
 * @param {string} url
 * @param {RequestCache} cache
 * @param {AbortSignal} [signal]
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function fetchBytes(what, url, cache, signal) {
  const timeout = AbortSignal.timeout(FETCH_MILLISECONDS);
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    const response = await fetchWithRetry(url, { cache, signal: either });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new RestoreError("FetchError", `${what} cannot be fetched: ${message}`);
  }
}

/**
 * What a picture's record says; null where it has none and a scale is given in its place.
 *
 * @param {Decoder} decoder
 * @param {Uint8Array} file
 * @param {number | undefined} scale
 */
function describe(decoder, file, scale) {
  try {
    return callPython(() => decoder.describe(file));
  } catch (error) {
    const ordinary = ["MetadataMissing", "ContainerUnknown"].includes(
      /** @type {Error} */ (error).name,
    );
    if (ordinary && scale !== undefined) return null;
    throw error;
  }
}

/**
 * Size of an ordinary picture at a scale, and the bank that enlarges such a picture best.
 *
 * @param {Uint8Array} file
 * @param {ImageData} base
 * @param {number} scale
 * @returns {Promise<Plan>}
 */
async function enlargement(file, base, scale) {
  const [width, height] = [Math.round(base.width * scale), Math.round(base.height * scale)];
  const index = await fetchBytes("the list of filter banks", `${BANKS}index.json`, "no-cache");
  /** @type {Record<"clean" | "compressed", {direct: Record<string, string>,
   *   resizing: {upTo: number, bank: string}[]}>} */
  const { clean, compressed } = JSON.parse(new TextDecoder().decode(index));
  const { direct, resizing } = isJpeg(file) ? compressed : clean;
  // A direct bank enlarges rows and columns by its very scale.
  const alike = width === base.width * scale && height === base.height * scale;
  const bank = (alike && direct[scale]) || resizing.find(({ upTo }) => scale <= upTo)?.bank;
  return { width, height, bank };
}

/** @param {Uint8Array} file */
function isJpeg(file) {
  return file[0] === 0xff && file[1] === 0xd8;
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
    // NumPy raises one of its own.
    const kind = type.endsWith("MemoryError") ? "MemoryError" : type;
    throw new RestoreError(kind, start < 0 ? message : message.slice(start + type.length + 2).trim());
  }
}

/** @param {OffscreenCanvas} canvas */
function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new RestoreError("RuntimeFailed", "no canvas");
  return context;
}

/**
 * Paint a strip, and let Python have its memory back.
 *
 * @param {OffscreenCanvasRenderingContext2D} context
 * @param {import("pyodide/ffi").PyBuffer} strip flat, uint8, RGBA
 * @param {number} top row of the picture where the strip belongs
 * @returns {number} rows of the strip
 */
function paint(context, strip, top) {
  const view = strip.getBuffer("u8clamped");
  try {
    const pixels = new ImageData(/** @type {any} */ (view.data), context.canvas.width);
    context.putImageData(pixels, 0, top);
    if (context.isContextLost?.()) throw new RestoreError("MemoryError", "no memory for the canvas");
    return pixels.height;
  } finally {
    view.release();
    strip.destroy();
  }
}

/** Wait until what was painted is on its way to the screen. */
function painted() {
  const frames = new Promise((resolve) =>
    requestAnimationFrame(() => requestAnimationFrame(resolve)),
  );
  return Promise.race([frames, new Promise((resolve) => setTimeout(resolve, PAINT_MILLISECONDS))]);
}

Comlink.expose(new Restorer());
