/**
 * <raisr-img src alt width height>: an <img> that restores itself to full size.
 *
 *   <raisr-img src="photo.jpg" alt="A meadow" width="1500" height="1000">
 *     <img src="photo.jpg" alt="A meadow" width="1500" height="1000" loading="lazy">
 *   </raisr-img>
 *
 * The <img> inside is what a page without JavaScript shows; without one, the element makes its own.
 * It keeps the layout and the alternative text; the restored picture is a canvas that covers it.
 *
 * Attribute `restored` is set while full-size pixels show. Events: `progress` (detail: stage),
 * `load` (detail: width, height, bank, engine, bytes, milliseconds), `error` (detail: kind, message).
 */

import { Client } from "./client.js";

const STYLE = `
  :host { display: inline-block; position: relative; max-width: 100%; }
  :host([hidden]) { display: none; }
  img, ::slotted(img) { display: block; max-width: 100%; height: auto; }
  /* A transparent picture must not show the base picture behind it, which still tells its text. */
  :host([restored]) img, :host([restored]) ::slotted(img) { opacity: 0; }
  canvas { position: absolute; inset: 0; width: 100%; height: 100%; border-radius: inherit; }
`;
/** Restoring starts this far outside the viewport. */
const MARGIN = "50%";
const COPIED = ["src", "alt", "width", "height"];

export class RaisrImg extends HTMLElement {
  static observedAttributes = COPIED;
  static #client = new Client();

  #ownImage = document.createElement("img");
  /** @type {HTMLCanvasElement | null} */
  #canvas = null;
  #life = new AbortController();

  constructor() {
    super();
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
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
  get restored() {
    return this.hasAttribute("restored");
  }

  connectedCallback() {
    this.#life = new AbortController();
    const { signal } = this.#life;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        this.#restore(signal);
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
    const { image } = this;
    if (value === null) image.removeAttribute(name);
    else if (image.getAttribute(name) !== value) image.setAttribute(name, value);
    if (name === "src" && before !== null && this.isConnected) {
      this.disconnectedCallback();
      this.connectedCallback();
    }
  }

  /** @param {AbortSignal} signal */
  async #restore(signal) {
    try {
      // Base picture first: it shows at once, and the worker finds it in the browser's cache.
      await settled(this.image);
      const url = this.image.currentSrc || this.image.src;
      const { pixels, ...detail } = await RaisrImg.#client.restore(url, signal, (stage) =>
        this.#dispatch("progress", { stage }, signal),
      );
      if (signal.aborted) return;
      this.#show(new ImageData(pixels, detail.width, detail.height));
      this.#dispatch("load", detail, signal);
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      this.#dispatch("error", { kind: name, message }, signal);
    }
  }

  /** @param {ImageData} picture */
  #show(picture) {
    this.#hide();
    const canvas = document.createElement("canvas");
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.ariaHidden = "true";
    canvas.getContext("2d")?.putImageData(picture, 0, 0);
    this.#canvas = canvas;
    this.shadowRoot?.append(canvas);
    this.toggleAttribute("restored", true);
  }

  #hide() {
    this.#canvas?.remove();
    this.#canvas = null;
    this.toggleAttribute("restored", false);
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
 * Wait until an image has loaded or failed.
 *
 * @param {HTMLImageElement} image
 */
function settled(image) {
  if (image.complete) return;
  return new Promise((resolve) => {
    image.addEventListener("load", resolve, { once: true });
    image.addEventListener("error", resolve, { once: true });
  });
}

customElements.define("raisr-img", RaisrImg);
