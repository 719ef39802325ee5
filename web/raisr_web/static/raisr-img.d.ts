/** What TypeScript has to know of raisr-img.js. */

import type { Decoded, Progress } from "./messages.js";

export interface RaisrImgEventMap {
  progress: CustomEvent<Progress>;
  load: CustomEvent<Decoded>;
  /** `kind` is a class of Python's errors, or one of the page's own. */
  error: CustomEvent<{ kind: string; message: string }>;
}

export class RaisrImg extends HTMLElement {
  /** The ordinary image: the page's own, if it put one inside. */
  readonly image: HTMLImageElement;
  /** Whether full-size pixels show. */
  readonly decoded: boolean;

  /** Attributes of the same name, read as those of the image: `src` and `srcset` decide what is decoded. */
  src: string;
  alt: string;
  width: number;
  height: number;
  loading: "eager" | "lazy";
  sizes: string;
  srcset: string;
  /** How much larger an image without metadata is shown: 1 to 8; "" where nothing is said. */
  get scale(): string;
  set scale(value: string | number);
  /** The address of the output image as an ordinary file; "" for none. */
  fallback: string;

  addEventListener<Type extends keyof RaisrImgEventMap>(
    type: Type,
    listener: (this: RaisrImg, event: RaisrImgEventMap[Type]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "raisr-img": RaisrImg;
  }
}
