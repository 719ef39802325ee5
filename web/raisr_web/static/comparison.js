/** A picture before and after: tells screen readers where the slider is, and what was restored. */

const slider = document.querySelector("img-comparison-slider");
const picture = slider?.querySelector("raisr-img");
const status = document.querySelector(".status");
const origin = document.querySelector(".origin");

slider?.addEventListener("slide", () => {
  const { value } = /** @type {Element & {value: number}} */ (slider);
  slider.setAttribute("aria-valuenow", String(Math.round(value)));
});
picture?.addEventListener("progress", (event) => {
  if (!status) return;
  const { stage, done } = event.detail;
  status.textContent = stage === "loading" ? "loading Python" : `restoring: ${Math.floor(100 * done)} %`;
});
picture?.addEventListener("load", (event) => {
  const { milliseconds, engine } = event.detail;
  if (status) status.textContent = "restored";
  const where = engine === "kernel" ? "compiled WebAssembly" : "NumPy in WebAssembly";
  if (origin) origin.textContent = `in your browser, by ${where}, in ${Math.round(milliseconds)} ms`;
});
picture?.addEventListener("error", (event) => {
  const { kind, message } = event.detail;
  if (status) status.textContent = `not restored here: ${message} (${kind})`;
  if (origin) origin.textContent = "by the server";
});
