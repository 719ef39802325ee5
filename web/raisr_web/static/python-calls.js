/** Calls into Python. */

import { DecodeError } from "./decode-error.js";

/**
 * @typedef {import("pyodide/ffi").PyIterator} Strips
 *   strips of RGBA, from top to bottom, each made when it is asked for
 *
 * @typedef {object} Decoder the Python module raisr_decoder.browser
 * @property {() => {name: string}} engine
 * @property {(payload: Uint8Array) => {width: number, height: number, bank?: string}} describe
 * @property {(payload: Uint8Array, base: Uint8ClampedArray, baseWidth: number, baseHeight: number,
 *   bank?: Uint8Array) => Strips} decode
 * @property {(width: number, height: number, scale: number) => {width: number, height: number}}
 *   upscaled_size
 * @property {(base: Uint8ClampedArray, baseWidth: number, baseHeight: number, width: number,
 *   height: number, bank: Uint8Array, quality: number) => Strips} upscale
 */

/**
 * Call Python; its exceptions become errors of the same name.
 *
 * @template T
 * @param {() => T} call
 * @returns {T}
 * @throws {DecodeError}
 */
export function callPython(call) {
  try {
    return call();
  } catch (error) {
    const { type = "RuntimeFailed", message } = /** @type {Error & {type?: string}} */ (error);
    // A PythonError's message is the whole traceback, and ends with "module.Type: message".
    const start = message.lastIndexOf(`${type}: `);
    // NumPy raises one of its own.
    const kind = type.endsWith("MemoryError") ? "MemoryError" : type;
    throw new DecodeError(kind, start < 0 ? message : message.slice(start + type.length + 2).trim());
  }
}
