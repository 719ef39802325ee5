/** What the example of events does with them. */

const picture = document.querySelector("raisr-img");
const progress = document.querySelector("progress");
const output = document.querySelector("output");

picture?.addEventListener("progress", ({ detail }) => {
  if (progress) progress.value = detail.done;
});
picture?.addEventListener("load", ({ detail }) => {
  if (output) output.textContent = `${detail.width} × ${detail.height} in ${Math.round(detail.milliseconds)} ms`;
});
picture?.addEventListener("error", ({ detail }) => {
  if (output) output.textContent = `${detail.kind}: ${detail.message}`;
});
