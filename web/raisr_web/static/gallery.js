/** The gallery's captions: what happens to each image, in words. */

import { fetchWithRetry } from "./fetching.js";

const WORDS = new Map([
  ["loading", "loading Python"],
  ["decoding", "decoding"],
]);

const figures = [...document.querySelectorAll("figure.photo")];
const summary = document.querySelector(".summary");
const savings = /** @type {HTMLElement | null} */ (document.querySelector(".savings[data-address]"));
let decoded = 0;

/** Show what the payloads save: measured once a visitor has seen an image decoded. */
async function showSavings() {
  const response = await fetchWithRetry(savings?.dataset.address ?? "");
  if (savings && response.ok) savings.textContent = await response.text();
}

for (const figure of figures) {
  const element = figure.querySelector("raisr-img");
  const status = figure.querySelector(".status");
  const bytes = figure.querySelector(".bytes");
  if (!element || !status || !bytes || !summary) continue;

  element.addEventListener("progress", (event) => {
    const { stage, done } = event.detail;
    const share = done > 0 ? `: ${Math.floor(100 * done)} %` : "";
    status.textContent = `${WORDS.get(stage)}${share}`;
  });
  element.addEventListener("load", (event) => {
    const { milliseconds, bytes: size } = event.detail;
    status.textContent = `decoded in ${Math.round(milliseconds)} ms`;
    bytes.textContent = `${(size / 1000).toFixed(1)} KB sent`;
    decoded += 1;
    summary.textContent = `${decoded} of ${figures.length} decoded`;
    if (decoded === 1) showSavings().catch(() => {});
  });
  element.addEventListener("error", (event) => {
    const { kind, message } = event.detail;
    status.textContent = `not decoded: ${message} (${kind})`;
    status.classList.add("problem");
  });
}
