// How a page written in TypeScript uses the element; only checked, never run.
import type { RaisrImg } from "../raisr_web/static/raisr-img.js";

const element: RaisrImg = document.createElement("raisr-img");
element.addEventListener("load", ({ detail }) => detail.milliseconds.toFixed());
element.addEventListener("progress", ({ detail }) => detail.done * 100);
element.addEventListener("error", ({ detail }) => detail.kind.length);
// @ts-expect-error only the element itself decodes
element.decoded = true;
element.src = new URL("meadow.jpg", location.href).href;
element.width = element.height * 1.5;
element.loading = "lazy";
element.scale = 2;
element.scale.toUpperCase();
// @ts-expect-error as of an <img>
element.width = "1500";
