/**
 * <raisr-img src alt width height>: an <img> that decodes itself to full size.
 *
 *   <raisr-img src="photo.jpg" alt="A meadow" width="1500" height="1000">
 *     <img src="photo.jpg" alt="A meadow" width="1500" height="1000" loading="lazy">
 *   </raisr-img>
 *
 * The <img> inside is what a page without JavaScript shows; without one, the element makes its own.
 * It keeps the layout and the alternative text; the output image is a canvas that covers it.
 * Styles reach the element's own as `raisr-img::part(image)`.
 *
 * `fallback` names the output image as an ordinary file, for browsers that cannot decode the payload.
 *
 * With `scale` (1 to 8, such as "2" or "1.5") an ordinary image, one without
 * metadata, is upscaled.
 *
 * State `decoded` (and an attribute of that name, for browsers without states) is set while
 * full-size pixels show. Events: `progress` (detail: stage, and done from 0 to 1), `load` (detail:
 * width, height, bank, engine, bytes, milliseconds), `error` (detail: kind, message).
 */

import { Client } from "./client.js";
import { DecodeError } from "./decode-error.js";

const STYLE = `
  :host { display: inline-block; position: relative; max-width: 100%; }
  :host([hidden]) { display: none; }
  img, ::slotted(img) { display: block; max-width: 100%; height: auto; }
  /* The base image must not show through a transparent one; its alternative text still counts. */
  :host([decoded]) img, :host([decoded]) ::slotted(img) { opacity: 0; }
  canvas { position: absolute; inset: 0; width: 100%; height: 100%; border-radius: inherit; }
`;
/** Decoding starts this far outside the viewport. */
const MARGIN = "50%";
const COPIED = ["src", "alt", "width", "height", "loading", "sizes", "srcset"];

export class RaisrImg extends HTMLElement {
  static observedAttributes = [...COPIED, "scale"];
  static #client = new Client();

  #internals = this.attachInternals();
  #ownImage = document.createElement("img");
  /** @type {HTMLCanvasElement | null} */
  #canvas = null;
  #life = new AbortController();

  constructor() {
    super();
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    this.#ownImage.part.add("image");
    const slot = document.createElement("slot");
    slot.append(this.#ownImage);
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    root.append(slot);
  }

  /** The ordinary image: the page's own, if it put one inside. */
  get image() {
    return this.querySelector("img") ?? this.#ownImage;
  }

  /** Whether full-size pixels show. */
  get decoded() {
    return this.hasAttribute("decoded");
  }

  connectedCallback() {
    this.#life = new AbortController();
    const { signal } = this.#life;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        this.#decode(signal);
      },
      { rootMargin: MARGIN },
    );
    observer.observe(this);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#hide();
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} value
   */
  attributeChangedCallback(name, before, value) {
    if (COPIED.includes(name)) {
      const { image } = this;
      if (value === null) image.removeAttribute(name);
      else if (image.getAttribute(name) !== value) image.setAttribute(name, value);
    }
    if (["src", "scale"].includes(name) && before !== null && this.isConnected) this.#startOver();
  }

  #startOver() {
    this.disconnectedCallback();
    this.connectedCallback();
  }

  /** @param {AbortSignal} signal */
  async #decode(signal) {
    try {
      const detail = await RaisrImg.#client.decode({
        address: () => addressOf(this.image),
        canvas: () => this.#cover(),
        scale: this.#scale(),
        signal,
        distance: () => distanceFromViewport(this),
        onProgress: (progress) => this.#dispatch("progress", progress, signal),
        onLost: () => this.#startOver(),
      });
      if (signal.aborted) return;
      this.toggleAttribute("decoded", true);
      this.#internals.states.add("decoded");
      this.#dispatch("load", detail, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#hide();
      this.#fallBack();
      const { name, message } = /** @type {Error} */ (error);
      this.#dispatch("error", { kind: name, message }, signal);
    }
  }

  /** Show the output image that the server has decoded, if the page names one. */
  async #fallBack() {
    const address = this.getAttribute("fallback");
    if (address === null) return;
    const output = new Image();
    output.src = address;
    // The base image stays where the server cannot help, either.
    if (!(await output.decode().then(() => true, () => false))) return;
    this.image.removeAttribute("srcset");
    this.image.src = address;
  }

  /** @returns {number | undefined} */
  #scale() {
    const text = this.getAttribute("scale");
    if (text === null) return undefined;
    const scale = Number(text);
    if (scale >= 1 && scale <= 8) return scale;
    throw new DecodeError("ScaleUnknown", `"${text}" is no scale: write a number from 1 to 8`);
  }

  /** Lay a canvas over the image, and hand it over: the worker paints it, and the page never waits. */
  #cover() {
    const canvas = document.createElement("canvas");
    canvas.ariaHidden = "true";
    this.shadowRoot?.append(canvas);
    const { image } = this;
    const observer = new ResizeObserver(() => align(canvas, image));
    observer.observe(this);
    observer.observe(image);
    this.#life.signal.addEventListener("abort", () => observer.disconnect());
    this.#canvas = canvas;
    return canvas.transferControlToOffscreen();
  }

  #hide() {
    this.#canvas?.remove();
    this.#canvas = null;
    this.toggleAttribute("decoded", false);
    this.#internals.states.delete("decoded");
  }

  /**
   * @param {string} type
   * @param {object} detail
   * @param {AbortSignal} signal
   */
  #dispatch(type, detail, signal) {
    if (!signal.aborted) this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/**
 * Move a canvas to where the page shows an image, which may be smaller than the element.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLImageElement} image
 */
function align(canvas, image) {
  canvas.style.cssText = "";
  const frame = canvas.getBoundingClientRect();
  const box = image.getBoundingClientRect();
  const { objectFit, objectPosition } = getComputedStyle(image);
  Object.assign(canvas.style, {
    left: `${(100 * (box.left - frame.left)) / frame.width}%`,
    top: `${(100 * (box.top - frame.top)) / frame.height}%`,
    width: `${(100 * box.width) / frame.width}%`,
    height: `${(100 * box.height) / frame.height}%`,
    objectFit,
    objectPosition,
  });
}

/**
 * The address of an image, once it has loaded or failed: the base image shows first, and the
 * worker finds it in the browser's cache.
 *
 * @param {HTMLImageElement} image
 */
async function addressOf(image) {
  if (!image.complete) {
    // A lazy one may be too far away to load by itself.
    image.loading = "eager";
    await new Promise((resolve) => {
      image.addEventListener("load", resolve, { once: true });
      image.addEventListener("error", resolve, { once: true });
    });
  }
  return image.currentSrc || image.src;
}

/**
 * Pixels between an element and what the visitor sees; 0 for what is visible.
 *
 * @param {Element} element
 */
function distanceFromViewport(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return Math.max(0, top - innerHeight, -bottom);
}

customElements.define("raisr-img", RaisrImg);
