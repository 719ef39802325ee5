/** Filter banks: fetched once each, and which of them suits an ordinary image. */

import { DecodeError } from "./decode-error.js";
import { fetchBytes } from "./fetching.js";

const FOLDER = new URL("./banks/", import.meta.url).href;

/**
 * @typedef {{width: number, height: number}} Size in pixels
 *
 * @typedef {object} Choices ids of banks, and what their filters are for
 * @property {number} quality of the base codec
 * @property {Record<string, string>} direct that serve one scale, by that scale
 * @property {{upTo: number, bank: string}[]} resizing that serve any scale, each up to one
 *
 * @typedef {{clean: Choices, compressed: Choices}} BankIndex
 */

/** The banks that were fetched, or are on their way, by id. */
export class BankCache {
  /** @type {Map<string, Promise<Uint8Array>>} */
  #banks = new Map();

  /**
   * @param {string} id
   * @param {RequestCache} cache
   * @returns {Promise<Uint8Array>}
   * @throws {DecodeError} FetchError
   */
  get(id, cache) {
    const known = this.#banks.get(id);
    if (known) return known;
    const bank = fetchBytes("the image's filter bank", `${FOLDER}${id}.bank`, cache);
    this.#banks.set(id, bank);
    bank.catch(() => this.#banks.delete(id));
    return bank;
  }

  clear() {
    this.#banks.clear();
  }
}

/**
 * The list of banks for ordinary images.
 *
 * @returns {Promise<BankIndex>}
 * @throws {DecodeError} FetchError
 */
export async function fetchBankIndex() {
  const index = await fetchBytes("the list of filter banks", `${FOLDER}index.json`, "no-cache");
  return JSON.parse(new TextDecoder().decode(index));
}

/**
 * The bank that upscales an ordinary image best, and the quality that its filters are for.
 *
 * @param {BankIndex} index
 * @param {boolean} isJpeg whether artefacts are to be removed as well
 * @param {Size} base
 * @param {Size} output
 * @returns {{bank: string, quality: number}} with the bank's id
 * @throws {DecodeError} BankMissing
 */
export function chooseBank(index, isJpeg, base, output) {
  const { quality, direct, resizing } = isJpeg ? index.compressed : index.clean;
  const scale = output.height / base.height;
  // A direct bank upscales rows and columns alike.
  const alike = output.width * base.height === output.height * base.width;
  const bank = (alike && direct[scale]) || resizing.find(({ upTo }) => scale <= upTo)?.bank;
  if (!bank) throw new DecodeError("BankMissing", `there is no filter bank for scale ${scale}`);
  return { bank, quality };
}
