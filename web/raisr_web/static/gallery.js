/** The gallery's captions: what happens to each picture, in words. */

import { fetchWithRetry } from "./fetch-with-retry.js";

const WORDS = new Map([
  ["loading", "loading Python"],
  ["restoring", "restoring"],
]);

const figures = [...document.querySelectorAll("figure.photo")];
const summary = document.querySelector(".summary");
const savings = /** @type {HTMLElement | null} */ (document.querySelector(".savings[data-address]"));
let restored = 0;

/** Say what the pictures save: measured when a visitor has seen what it is about. */
async function tellSavings() {
  const response = await fetchWithRetry(savings?.dataset.address ?? "");
  if (savings && response.ok) savings.textContent = await response.text();
}

for (const figure of figures) {
  const picture = figure.querySelector("raisr-img");
  const status = figure.querySelector(".status");
  const bytes = figure.querySelector(".bytes");
  if (!picture || !status || !bytes || !summary) continue;

  picture.addEventListener("progress", (event) => {
    const { stage, done } = event.detail;
    const share = done > 0 ? `: ${Math.floor(100 * done)} %` : "";
    status.textContent = `${WORDS.get(stage)}${share}`;
  });
  picture.addEventListener("load", (event) => {
    const { milliseconds, bytes: size } = event.detail;
    status.textContent = `restored in ${Math.round(milliseconds)} ms`;
    bytes.textContent = `${(size / 1000).toFixed(1)} KB on the wire`;
    restored += 1;
    summary.textContent = `${restored} of ${figures.length} restored`;
    if (restored === 1) tellSavings().catch(() => {});
  });
  picture.addEventListener("error", (event) => {
    const { kind, message } = event.detail;
    status.textContent = `not restored: ${message} (${kind})`;
    status.classList.add("problem");
  });
}
