/** Pixels onto a canvas, and from there to the screen. */

import { DecodeError } from "./decode-error.js";

/** A page that nobody looks at paints nothing; it is not waited for any longer. */
const MAX_PAINT_MILLISECONDS = 1_000;

/**
 * @param {OffscreenCanvas} canvas
 * @throws {DecodeError} RuntimeFailed
 */
export function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new DecodeError("RuntimeFailed", "no canvas");
  return context;
}

/**
 * Paint a strip, and let Python have its memory back.
 *
 * @param {OffscreenCanvasRenderingContext2D} context
 * @param {import("pyodide/ffi").PyBuffer} strip flat, uint8, RGBA
 * @param {number} top row of the output image where the strip belongs
 * @returns {number} rows of the strip
 * @throws {DecodeError} MemoryError
 */
export function paint(context, strip, top) {
  const view = strip.getBuffer("u8clamped");
  try {
    const pixels = new ImageData(/** @type {any} */ (view.data), context.canvas.width);
    context.putImageData(pixels, 0, top);
    if (context.isContextLost?.()) throw new DecodeError("MemoryError", "no memory for the canvas");
    return pixels.height;
  } finally {
    view.release();
    strip.destroy();
  }
}

/** Wait until what was painted is on its way to the screen. */
export function painted() {
  const frames = new Promise((resolve) =>
    requestAnimationFrame(() => requestAnimationFrame(resolve)),
  );
  const late = new Promise((resolve) => setTimeout(resolve, MAX_PAINT_MILLISECONDS));
  return Promise.race([frames, late]);
}
