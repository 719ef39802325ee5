/**
 * What the page and its worker tell each other: plain objects {type, id, ...}. The page numbers its
 * decode requests; every message carries the number of the one that it is about.
 */

/** From the page to the worker, by type. */
export interface Requests {
  /** Decode one image; the page waits for `done` or `failed` before it sends the next. */
  decode: {
    id: number;
    url: string;
    /** For an image without metadata; others know their size. */
    scale: number | undefined;
    /** Transferred; painted strip by strip. */
    canvas: OffscreenCanvas;
  };
  /** Give up the decoding that is under way, or the canvas of one that is done. */
  release: { id: number };
}

/** From the worker to the page, by type. */
export interface Answers {
  progress: { id: number } & Progress;
  done: { id: number; decoded: Decoded };
  /** The error's class does not survive the way, its name does. */
  failed: { id: number; error: { name: string; message: string } };
  /** Sent regularly while an image is decoded: the worker is alive. */
  heartbeat: { id: number };
}

export type PageMessage = Message<Requests>;
export type WorkerMessage = Message<Answers>;

/** What to do about each message of a table. */
export type Handlers<Table> = { [Type in keyof Table]: (message: Table[Type]) => void };

export interface Progress {
  stage: "loading" | "decoding";
  /** Rises from 0 to 1. */
  done: number;
}

export interface Decoded {
  /** Columns of the output image. */
  width: number;
  /** Rows of the output image. */
  height: number;
  /** Id of the filter bank, if the image needs one. */
  bank: string | undefined;
  /** "kernel" where compiled code ran, else "numpy". */
  engine: string;
  /** Size of the image's file. */
  bytes: number;
  /** From the base image's bytes to the pixels of the output image. */
  milliseconds: number;
}

type Message<Table> = { [Type in keyof Table]: { type: Type } & Table[Type] }[keyof Table];
