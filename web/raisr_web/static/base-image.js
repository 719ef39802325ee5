/** Base images, decoded by the browser. */

import { DecodeError } from "./decode-error.js";

/**
 * The base image's own pixels, RGBA, with no colour management in between.
 *
 * @param {Uint8Array<ArrayBuffer>} payload
 * @returns {Promise<ImageData>}
 * @throws {DecodeError} BaseImageUnreadable
 */
export async function decodeBaseImage(payload) {
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
    throw new DecodeError(
      "BaseImageUnreadable",
      `the browser cannot decode the base image: ${message}`,
    );
  }
}
