/** Python in the worker: Pyodide with NumPy and the decoder, as `python -m tools.runtime` packs them. */

import { FOLDER } from "./runtime/index.js";

const BLOCK = 512;
/** A connection that has stalled tells nobody; slow ones get this much time. */
const MAX_START_MILLISECONDS = 300_000;

/**
 * Start Python.
 *
 * @returns {Promise<import("./python-calls.js").Decoder>} the module raisr_decoder.browser
 */
export async function startPython() {
  const { instantiateStreaming } = WebAssembly;
  try {
    /** @type {Promise<never>} */
    const failure = new Promise((_, reject) => {
      WebAssembly.instantiateStreaming = (source, imports) => {
        const instance = instantiate(source, imports, instantiateStreaming);
        // Pyodide itself would wait for ever.
        instance.catch(reject);
        return instance;
      };
      setTimeout(() => reject(new Error("it takes too long")), MAX_START_MILLISECONDS);
    });
    return await Promise.race([load(), failure]);
  } finally {
    WebAssembly.instantiateStreaming = instantiateStreaming;
  }
}

/**
 * Compile while the file arrives, or, where the server does not know its type, thereafter.
 *
 * @param {Response | PromiseLike<Response>} source
 * @param {WebAssembly.Imports | undefined} imports
 * @param {typeof WebAssembly.instantiateStreaming} instantiateStreaming
 */
async function instantiate(source, imports, instantiateStreaming) {
  const response = await source;
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  if (response.headers.get("Content-Type") === "application/wasm") {
    return instantiateStreaming.call(WebAssembly, response, imports);
  }
  return WebAssembly.instantiate(await response.arrayBuffer(), imports);
}

/** @returns {Promise<import("./python-calls.js").Decoder>} */
async function load() {
  const packages = fetchArchive(`${FOLDER}packages.tar`);
  packages.catch(() => {});
  /** @type {typeof import("pyodide")} */
  const { loadPyodide } = await import(`${FOLDER}pyodide.mjs`);
  const pyodide = await loadPyodide({
    indexURL: FOLDER,
    stdLibURL: `${FOLDER}standard.zip`,
    fsInit: async (FS, { sitePackages }) => unpack(await packages, FS, sitePackages),
  });
  // Pyodide goes on without them.
  await packages;
  return /** @type {any} */ (pyodide.pyimport("raisr_decoder.browser"));
}

/** @param {string} url */
async function fetchArchive(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.arrayBuffer();
}

/**
 * Write the files of a tar archive: each has a block with its name and its size in octal digits.
 *
 * @param {ArrayBuffer} archive
 * @param {any} FS the file system of Emscripten
 * @param {string} folder
 */
function unpack(archive, FS, folder) {
  const text = new TextDecoder();
  /** @type {(start: number, length: number) => string} */
  const field = (start, length) =>
    text.decode(new Uint8Array(archive, start, length)).replace(/\0.*$/s, "");
  let start = 0;
  for (let name; (name = field(start, 100)); ) {
    const size = parseInt(field(start + 124, 12), 8);
    const path = `${folder}/${name}`;
    FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    FS.writeFile(path, new Uint8Array(archive, start + BLOCK, size), { canOwn: true });
    start += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}
