/** A canvas that lies over an image and looks as the image would. */

/**
 * The image's own box keeps border, background and shadow, and the canvas lies exactly over it:
 * with these styles, and a border and padding that show nothing.
 */
const FOLLOWED = /** @type {const} */ ([
  "borderRadius",
  "borderWidth",
  "boxSizing",
  "clipPath",
  "filter",
  "imageRendering",
  "mask",
  "mixBlendMode",
  "objectFit",
  "objectPosition",
  "opacity",
  "padding",
  "rotate",
  "scale",
  "transform",
  "transformOrigin",
  "translate",
  "visibility",
]);
/** What may change the styles of an image without changing its size. */
const RESTYLING = [
  ...["transitionrun", "transitionend", "transitioncancel", "animationstart", "animationend"],
  ...["pointerover", "pointerout", "focusin", "focusout"],
];
/** Further than any image is wide, in pixels. */
const FAR = 100_000;

export class Cover {
  canvas = document.createElement("canvas");
  #image;
  #life = new AbortController();
  /** @type {Animation[]} */
  #shifts = [];
  #following = false;

  /**
   * @param {HTMLElement} host with the image inside
   * @param {ShadowRoot} root of the host, where the canvas goes
   * @param {HTMLImageElement} image
   */
  constructor(host, root, image) {
    this.#image = image;
    this.canvas.ariaHidden = "true";
    root.append(this.canvas);
    const { signal } = this.#life;
    const follow = () => this.#follow();
    const sizes = new ResizeObserver(follow);
    sizes.observe(host);
    sizes.observe(image);
    const styles = new MutationObserver(follow);
    styles.observe(host, { subtree: true, attributeFilter: ["class", "style"] });
    for (const type of RESTYLING) root.addEventListener(type, follow, { signal });
    signal.addEventListener("abort", () => {
      sizes.disconnect();
      styles.disconnect();
    });
  }

  /** Hide the pixels of the image, which must not show through a transparent canvas. */
  replaceImage() {
    // They are moved out of its content box, which clips them; its border, its alternative text
    // and what is done to it stay. An animation adds to the page's style without touching it; the
    // canvas, which gets the sum, takes it back.
    this.#shifts = [shift(this.#image, -FAR), shift(this.canvas, FAR)];
    this.#follow();
  }

  remove() {
    this.#life.abort();
    this.canvas.remove();
    for (const animation of this.#shifts) animation.cancel();
  }

  /** Align the canvas now, and again at each frame while the image moves. */
  #follow() {
    align(this.canvas, this.#image);
    const moves = this.#image.getAnimations().some(({ playState }) => playState === "running");
    if (!moves || this.#following) return;
    this.#following = true;
    requestAnimationFrame(() => {
      this.#following = false;
      if (!this.#life.signal.aborted) this.#follow();
    });
  }
}

/**
 * Move the pixels of an image or a canvas to the right, for as long as the animation is there.
 *
 * @param {HTMLElement} element
 * @param {number} pixels
 */
function shift(element, pixels) {
  const objectPosition = `${pixels}px 0px`;
  const animation = element.animate(
    { objectPosition: [objectPosition, objectPosition] },
    { duration: 1, fill: "both", composite: "add" },
  );
  animation.pause();
  return animation;
}

/**
 * Lay a canvas over the box that an image has in the page's layout, and style it alike.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLImageElement} image
 */
function align(canvas, image) {
  canvas.style.cssText = "";
  canvas.hidden = image.getClientRects().length === 0;
  if (canvas.hidden) return;
  const style = getComputedStyle(image);
  // Without a style of its own it fills what its percentages are of.
  const frame = sizeOf(getComputedStyle(canvas));
  const size = sizeOf(style);
  for (const name of FOLLOWED) canvas.style[name] = style[name];
  // Percentages, so that a printed page, of another width, will do.
  canvas.style.width = `${(100 * size.width) / frame.width}%`;
  canvas.style.height = `${(100 * size.height) / frame.height}%`;
  if (style.position !== "static") canvas.style.zIndex = style.zIndex;

  let { left, top } = offsetWithin(canvas.offsetParent, image);
  const place = () => {
    canvas.style.left = `${(100 * left) / frame.width}%`;
    canvas.style.top = `${(100 * top) / frame.height}%`;
  };
  place();
  // Offsets are whole pixels; the fractions are what the two boxes still differ by.
  const [box, goal] = [canvas, image].map((element) => element.getBoundingClientRect());
  if (!box || !goal) return;
  if (Math.abs(goal.left - box.left) < 1) left += goal.left - box.left;
  if (Math.abs(goal.top - box.top) < 1) top += goal.top - box.top;
  place();
}

/**
 * Width and height in pixels, of the box that `box-sizing` says.
 *
 * @param {CSSStyleDeclaration} style
 */
function sizeOf({ width, height }) {
  return { width: parseFloat(width), height: parseFloat(height) };
}

/**
 * Where the layout puts an image within an ancestor, in pixels, whatever transforms do then.
 *
 * @param {Element | null} ancestor
 * @param {HTMLElement} image
 */
function offsetWithin(ancestor, image) {
  let left = image.offsetLeft;
  let top = image.offsetTop;
  let box = image.offsetParent;
  while (box instanceof HTMLElement && box !== ancestor) {
    left += box.offsetLeft + box.clientLeft;
    top += box.offsetTop + box.clientTop;
    box = box.offsetParent;
  }
  return { left, top };
}
