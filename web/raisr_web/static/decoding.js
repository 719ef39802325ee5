/** The steps from the address of an image to its full-size pixels on a canvas. */

import { BankCache, chooseBank, fetchBankIndex } from "./banks.js";
import { decodeBaseImage } from "./base-image.js";
import { DecodeError } from "./decode-error.js";
import { fetchBytes } from "./fetching.js";
import { contextOf, paint, painted } from "./painting.js";
import { callPython } from "./python-calls.js";
import { startPython } from "./python.js";

/** What may be the fault of bytes that a cache holds, or that have arrived in part. */
const TRANSIENT = [
  "FetchError",
  "BaseImageUnreadable",
  "ContainerDamaged",
  "MetadataDamaged",
  "BankDamaged",
  "BankMismatch",
];
/** What tells an ordinary image from a payload. */
const ORDINARY = ["MetadataMissing", "ContainerUnknown"];

/**
 * @typedef {import("./messages.js").Decoded} Decoded
 * @typedef {import("./python-calls.js").Decoder} Decoder
 *
 * @typedef {object} Task
 * @property {string} url of the image
 * @property {number | undefined} scale for an image without metadata; others know their size
 * @property {OffscreenCanvas} canvas is painted strip by strip
 * @property {AbortSignal} signal gives up, at the latest when the next strip is done
 * @property {(progress: import("./messages.js").Progress) => void} onProgress
 */

/** Decodes images, one at a time; keeps Python and the filter banks from one to the next. */
export class ImageDecoding {
  /** @type {Promise<Decoder> | null} */
  #python = null;
  #banks = new BankCache();

  /**
   * Decode from what the browser has kept, or if that does not do, from what the server has now.
   *
   * @param {Task} task
   * @returns {Promise<Decoded>}
   * @throws {DecodeError}
   */
  async decode(task) {
    task.onProgress({ stage: "loading", done: 0 });
    try {
      // The page has just fetched the base image; its copy in the browser's cache will do.
      return await this.#attempt(task, "force-cache");
    } catch (error) {
      if (!TRANSIENT.includes(/** @type {Error} */ (error).name)) throw error;
    }
    task.signal.throwIfAborted();
    this.#banks.clear();
    return this.#attempt(task, "reload");
  }

  /**
   * @param {Task} task
   * @param {RequestCache} cache
   * @returns {Promise<Decoded>}
   */
  async #attempt({ url, scale, canvas, signal, onProgress }, cache) {
    const fetched = fetchBytes("the image", url, cache, signal);
    const [python, payload] = await Promise.all([this.#startPython(), fetched]);
    signal.throwIfAborted();
    const metadata = describe(python, payload, scale);
    const start = performance.now();
    const base = await decodeBaseImage(payload);
    /** @type {{width: number, height: number, bank?: string, quality?: number}} */
    const plan = metadata ?? (await planUpscaling(python, payload, base, scale ?? 1));
    const { width, height, bank, quality } = plan;
    const filters = bank ? await this.#banks.get(bank, cache) : undefined;
    signal.throwIfAborted();

    const strips = callPython(() =>
      quality === undefined || !filters
        ? python.decode(payload, base.data, base.width, base.height, filters)
        : python.upscale(base.data, base.width, base.height, width, height, filters, quality),
    );
    try {
      /** @type {OffscreenCanvasRenderingContext2D | null} */
      let context = null;
      for (let top = 0; top < height; ) {
        const strip = callPython(() => strips.next().value);
        // Not before Python has found that the sizes belong together; Firefox lets ask only once.
        context ??= contextOf(Object.assign(canvas, { width, height }));
        top += paint(context, strip, top);
        onProgress({ stage: "decoding", done: top / height });
        await nextTask();
        signal.throwIfAborted();
      }
    } finally {
      strips.destroy();
    }
    const milliseconds = performance.now() - start;
    await painted();
    const { name: engine } = python.engine();
    return { width, height, bank, engine, bytes: payload.length, milliseconds };
  }

  /** Start Python once; after a failure the page starts a new worker, which tries again. */
  #startPython() {
    this.#python ??= startPython().catch((error) => {
      throw new DecodeError("RuntimeUnavailable", `Python cannot be loaded: ${error.message}`);
    });
    return this.#python;
  }
}

/**
 * What the metadata of a payload says; null for an ordinary image, if a scale says what to do.
 *
 * @param {Decoder} python
 * @param {Uint8Array} payload
 * @param {number | undefined} scale
 */
function describe(python, payload, scale) {
  try {
    return callPython(() => python.describe(payload));
  } catch (error) {
    const { name } = /** @type {Error} */ (error);
    if (ORDINARY.includes(name) && scale !== undefined) return null;
    throw error;
  }
}

/**
 * Size of an ordinary image at a scale, the bank that upscales it best, and for what quality.
 *
 * @param {Decoder} python
 * @param {Uint8Array} file
 * @param {ImageData} base
 * @param {number} scale
 */
async function planUpscaling(python, file, base, scale) {
  const size = callPython(() => python.upscaled_size(base.width, base.height, scale));
  const isJpeg = file[0] === 0xff && file[1] === 0xd8;
  return { ...size, ...chooseBank(await fetchBankIndex(), isJpeg, base, size) };
}

/** Let the worker handle what has happened meanwhile, such as a message of the page. */
function nextTask() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    // Unlike a timer, a message is never delayed.
    port2.postMessage(null);
  });
}
