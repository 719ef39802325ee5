/** An image before and after: tells screen readers where the slider is, and how decoding goes. */

const slider = document.querySelector("img-comparison-slider");
const element = slider?.querySelector("raisr-img");
const status = document.querySelector(".status");
const origin = document.querySelector(".origin");

slider?.addEventListener("slide", () => {
  const { value } = /** @type {Element & {value: number}} */ (slider);
  slider.setAttribute("aria-valuenow", String(Math.round(value)));
});
element?.addEventListener("progress", (event) => {
  if (!status) return;
  const { stage, done } = event.detail;
  status.textContent = stage === "loading" ? "loading Python" : `decoding: ${Math.floor(100 * done)} %`;
});
element?.addEventListener("load", (event) => {
  const { milliseconds, engine } = event.detail;
  if (status) status.textContent = "decoded";
  const where = engine === "kernel" ? "compiled WebAssembly" : "NumPy in WebAssembly";
  if (origin) origin.textContent = `in your browser, by ${where}, in ${Math.round(milliseconds)} ms`;
});
element?.addEventListener("error", (event) => {
  const { kind, message } = event.detail;
  if (status) status.textContent = `not decoded here: ${message} (${kind})`;
  if (origin) origin.textContent = "by the server";
});
