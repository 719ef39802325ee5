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
