/** Shows how far a trial is, until there is something to see. */

const MILLISECONDS = 500;

const list = /** @type {HTMLElement} */ (document.querySelector(".steps"));

async function update() {
  const response = await fetch(list.dataset.status ?? "");
  if (!response.ok) return location.reload();
  /** @type {{finished: boolean, steps: {name: string, seconds: number | null}[]}} */
  const { finished, steps } = await response.json();
  if (finished) return location.reload();
  list.replaceChildren(
    ...steps.map(({ name, seconds }) => {
      const item = document.createElement("li");
      item.textContent = seconds === null ? `${name} …` : `${name}: ${seconds.toFixed(1)} s`;
      return item;
    }),
  );
  setTimeout(update, MILLISECONDS);
}

update();
