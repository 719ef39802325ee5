/**
 * <raisr-img src alt width height>: an <img> that decodes itself to full size.
 *
 *   <raisr-img src="photo.jpg" alt="A meadow" width="1500" height="1000">
 *     <img src="photo.jpg" alt="A meadow" width="1500" height="1000" loading="lazy">
 *   </raisr-img>
 *
 * The <img> inside is what a page without JavaScript shows; without one, the element makes its own.
 * It keeps the layout, the alternative text and what the page does to it, clicks included; the
 * output image is a canvas that covers it and follows its styles.
 * Styles reach the element's own as `raisr-img::part(image)`. Where the image gets another source,
 * or the element another image, that one is decoded.
 *
 * `fallback` names the output image as an ordinary file, for browsers that cannot decode the payload.
 *
 * With `scale` (1 to 8, such as "2" or "1.5") an ordinary image, one without
 * metadata, is upscaled.
 *
 * The attributes are properties, too: src, alt, width, height, loading, sizes and srcset say what
 * they say of the <img>, fallback and scale are strings.
 *
 * State `decoded` (and an attribute of that name, for browsers without states) is set while
 * full-size pixels show. Events: `progress` (detail: stage, and done from 0 to 1), `load` (detail:
 * width, height, bank, engine, bytes, milliseconds), `error` (detail: kind, message).
 */

import { Client } from "./client.js";
import { Cover } from "./cover.js";
import { DecodeError } from "./decode-error.js";

const STYLE = `
  :host { display: inline-block; position: relative; max-width: 100%; }
  :host([hidden]) { display: none; }
  img, ::slotted(img) { display: block; max-width: 100%; height: auto; }
  canvas { position: absolute; inset: 0; box-sizing: border-box; width: 100%; height: 100%; }
  /* What is done to the image is done to the one below, links around it included. */
  canvas { border: 0 solid transparent; pointer-events: none; }
  /* Whatever the page says of the part. */
  [hidden] { display: none !important; }
`;
/** Decoding starts this far outside the viewport. */
const MARGIN = "50%";
/** Attributes that the image gets as well. */
const COPIED = ["src", "alt", "width", "height", "loading", "sizes", "srcset"];
const OWN = ["scale", "fallback"];
/** Attributes of an image, or of sources beside it, that decide which file it shows. */
const CHOOSING = ["src", "srcset", "sizes", "media", "type"];

export class RaisrImg extends HTMLElement {
  static observedAttributes = [...COPIED, "scale"];
  static #client = new Client();

  #internals = this.attachInternals();
  #ownImage = document.createElement("img");
  /** @type {Cover | null} */
  #cover = null;
  /**
   * What was decoded, or is being decoded; its address is null while that is not known.
   * @type {{image: HTMLImageElement, address: string | null} | null}
   */
  #taken = null;
  #life = new AbortController();
  #root = this.attachShadow({ mode: "open" });

  constructor() {
    super();
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    this.#ownImage.part.add("image");
    this.#root.adoptedStyleSheets = [style];
    this.#root.append(document.createElement("slot"), this.#ownImage);
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
    takeProperties(this);
    this.#startOver();
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
    if (["src", "scale"].includes(name)) this.#startOver();
    else if (CHOOSING.includes(name)) this.#checkSoon();
  }

  /** Show what there is without decoding, and decode when that nears the viewport. */
  #startOver() {
    this.disconnectedCallback();
    if (!this.isConnected) return;
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.#ownImage.hidden = this.image !== this.#ownImage;
    this.#taken = null;
    const mutations = new MutationObserver(() => this.#checkSoon());
    mutations.observe(this, { subtree: true, childList: true, attributeFilter: CHOOSING });
    // Sources for other widths of the window come without a mutation.
    for (const type of ["load", "error"]) {
      this.#root.addEventListener(type, () => this.#check(), { capture: true, signal });
    }
    const intersections = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        intersections.disconnect();
        this.#decode(signal);
      },
      { rootMargin: MARGIN },
    );
    intersections.observe(this);
    signal.addEventListener("abort", () => {
      mutations.disconnect();
      intersections.disconnect();
    });
  }

  /** Check when the browser has chosen among the image's sources, as they are now. */
  #checkSoon() {
    const { signal } = this.#life;
    setTimeout(() => signal.aborted || this.#check());
  }

  /** Start over if there is another image than the one that was taken, or the same has another file. */
  #check() {
    if (!this.#taken) return;
    const { image, address } = this.#taken;
    const isAnother = image !== this.image;
    if (isAnother || (address !== null && address !== addressOf(image))) this.#startOver();
  }

  /** @param {AbortSignal} signal */
  async #decode(signal) {
    const { image } = this;
    this.#taken = { image, address: null };
    if (image.complete && addressOf(image) === "") {
      // Nothing to decode before the page says what.
      this.#taken.address = "";
      return;
    }
    try {
      const detail = await RaisrImg.#client.decode({
        address: () => this.#take(signal),
        canvas: () => this.#lay(),
        scale: this.#scale(),
        signal,
        distance: () => distanceFromViewport(this),
        onProgress: (progress) => this.#dispatch("progress", progress, signal),
        onLost: () => this.#startOver(),
      });
      if (signal.aborted) return;
      this.#cover?.replaceImage();
      this.toggleAttribute("decoded", true);
      this.#internals.states.add("decoded");
      this.#dispatch("load", detail, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#hide();
      this.#fallBack(signal);
      const { name, message } = /** @type {Error} */ (error);
      this.#dispatch("error", { kind: name, message }, signal);
    }
  }

  /**
   * The address of the image, once it has loaded or failed: the base image shows first, and the
   * worker finds it in the browser's cache.
   *
   * @param {AbortSignal} signal
   */
  async #take(signal) {
    const { image } = this;
    await settled(image, signal);
    const address = addressOf(image);
    if (!signal.aborted) this.#taken = { image, address };
    return address;
  }

  /**
   * Show the output image that the server has decoded, if the page names one.
   *
   * @param {AbortSignal} signal
   */
  async #fallBack(signal) {
    const address = this.getAttribute("fallback");
    if (address === null) return;
    const output = new Image();
    output.src = address;
    // The base image stays where the server cannot help, either.
    if (!(await output.decode().then(() => true, () => false)) || signal.aborted) return;
    const { image } = this;
    this.#taken = { image, address: null };
    const sources = image.closest("picture")?.querySelectorAll("source") ?? [];
    for (const element of [...sources, image]) element.removeAttribute("srcset");
    image.src = address;
    await settled(image, signal);
    // This one is not decoded; whatever comes after it is.
    if (!signal.aborted) this.#taken = { image, address: addressOf(image) };
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
  #lay() {
    this.#cover = new Cover(this, this.#root, this.image);
    return this.#cover.canvas.transferControlToOffscreen();
  }

  #hide() {
    this.#cover?.remove();
    this.#cover = null;
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

for (const name of [...COPIED, ...OWN]) {
  Object.defineProperty(RaisrImg.prototype, name, {
    configurable: true,
    enumerable: true,
    /** @this {RaisrImg} */
    get() {
      const { image } = this;
      return name in image ? Reflect.get(image, name) : (this.getAttribute(name) ?? "");
    },
    /** @this {RaisrImg} @param {unknown} value */
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, String(value));
    },
  });
}

/**
 * Properties that the page gave the element before it knew this class hide those of the class.
 *
 * @param {RaisrImg} element
 */
function takeProperties(element) {
  for (const name of [...COPIED, ...OWN]) {
    if (!Object.hasOwn(element, name)) continue;
    const value = Reflect.get(element, name);
    Reflect.deleteProperty(element, name);
    Reflect.set(element, name, value);
  }
}

/**
 * The file that an image shows or is about to show; "" for none.
 *
 * @param {HTMLImageElement} image
 */
function addressOf(image) {
  return image.currentSrc || image.src;
}

/**
 * Wait until an image has loaded or failed, or is not waited for any longer.
 *
 * @param {HTMLImageElement} image
 * @param {AbortSignal} signal
 */
async function settled(image, signal) {
  if (image.complete || signal.aborted) return;
  // A lazy one may be too far away to load by itself.
  image.loading = "eager";
  await new Promise((resolve) => {
    for (const type of ["load", "error"]) image.addEventListener(type, resolve, { once: true });
    signal.addEventListener("abort", resolve, { once: true });
  });
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
