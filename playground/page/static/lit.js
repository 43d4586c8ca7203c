// The one place that knows where the server serves lit-html.

/** @template T @typedef {import("/lib/lit-html/directives/ref.js").Ref<T>} Ref */

export { html, nothing, render, svg } from "/lib/lit-html/lit-html.js";
export { live } from "/lib/lit-html/directives/live.js";
export { createRef, ref } from "/lib/lit-html/directives/ref.js";
export { repeat } from "/lib/lit-html/directives/repeat.js";
