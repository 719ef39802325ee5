/** What the example of events does with them. */

const element = document.querySelector("raisr-img");
const progress = document.querySelector("progress");
const output = document.querySelector("output");

element?.addEventListener("progress", ({ detail }) => {
  if (progress) progress.value = detail.done;
});
element?.addEventListener("load", ({ detail }) => {
  if (output) output.textContent = `${detail.width} × ${detail.height} in ${Math.round(detail.milliseconds)} ms`;
});
element?.addEventListener("error", ({ detail }) => {
  if (output) output.textContent = `${detail.kind}: ${detail.message}`;
});
