/** A photograph that is dropped anywhere on the page is taken as if it had been chosen. */

const form = document.querySelector("form");
const input = document.querySelector("input");

addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  const files = event.dataTransfer?.files;
  if (!files?.length || !form || !input) return;
  input.files = files;
  form.requestSubmit();
});
form?.addEventListener("submit", () => {
  const button = form.querySelector("button");
  if (button) Object.assign(button, { disabled: true, textContent: "Sending" });
});
