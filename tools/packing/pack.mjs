/**
 * Runs in Node.js: let Pyodide do what pages ask for, and pack the modules that this imported.
 *
 *   node pack.mjs PYODIDE PACKAGES BANKS TARGET
 */

import { fileURLToPath, pathToFileURL } from "node:url";

const [folder, packages, banks, target] = process.argv.slice(2);

try {
  const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
  const pyodide = await loadPyodide({ indexURL: folder });
  const packing = fileURLToPath(new URL(".", import.meta.url));
  for (const [place, root] of Object.entries({ packages, banks, target, packing })) {
    pyodide.mountNodeFS(`/${place}`, root);
  }
  for (const place of ["/packages", "/packing"]) pyodide.runPython("import sys; sys.path").append(place);
  pyodide.pyimport("import_trace").trace_imports("/banks");
  try {
    // Failures reach the worker as formatted tracebacks.
    pyodide.runPython("raise ValueError");
  } catch {
    pyodide.pyimport("pack").pack("/packages", "/target");
  }
} catch (error) {
  // Not the whole error: Node.js would show megabytes of source with it.
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
