/** A photograph that is dropped anywhere on the page is taken as if it had been chosen. */

const form = document.querySelector("form");
const input = document.querySelector("input");

/** Say that a photograph is too large before it is sent. */
function check() {
  const megabytes = (input?.files?.[0]?.size ?? 0) / 1e6;
  const limit = Number(input?.dataset.maxBytes) / 1e6;
  const complaint = `This file has ${megabytes.toFixed(1)} MB; ${limit} MB is the limit.`;
  input?.setCustomValidity(megabytes > limit ? complaint : "");
  input?.reportValidity();
}

input?.addEventListener("change", check);
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  const files = event.dataTransfer?.files;
  if (!files?.length || !form || !input) return;
  input.files = files;
  check();
  form.requestSubmit();
});
form?.addEventListener("submit", () => {
  const button = form.querySelector("button");
  if (button) Object.assign(button, { disabled: true, textContent: "Sending" });
});
