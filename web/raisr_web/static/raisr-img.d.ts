/** What TypeScript has to know of raisr-img.js. */

export interface RaisrImgEventMap {
  /** `done` goes from 0 to 1 while the picture is restored. */
  progress: CustomEvent<{ stage: "loading" | "restoring"; done: number }>;
  load: CustomEvent<{
    /** Columns and rows of the full picture. */
    width: number;
    height: number;
    /** Id of the filter bank, if the picture needs one. */
    bank: string | undefined;
    /** "kernel" where compiled code ran, else "numpy". */
    engine: string;
    /** Size of the picture's file. */
    bytes: number;
    /** From the base picture's bytes to full-size pixels. */
    milliseconds: number;
  }>;
  /** `kind` is a class of Python's errors, or one of the page's own. */
  error: CustomEvent<{ kind: string; message: string }>;
}

export class RaisrImg extends HTMLElement {
  /** The ordinary image: the page's own, if it put one inside. */
  readonly image: HTMLImageElement;
  /** Whether full-size pixels show. */
  readonly restored: boolean;
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
