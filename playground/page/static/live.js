// @ts-check
// Keeps the page up to date: the whole state first, then every event. After a lost connection it starts
// over with the state, which is always right, whatever was missed and whoever was restarted.
//
// A browser opens six connections to one server, for all its tabs together, and an event stream holds one. So
// a tab that nobody sees listens to no stream: it looks at the state now and then, for the title to be right.
import { language } from "./texts.js";

/** @import {ServerEvent, State} from "./contract.js" */

const RETRY_MS = 1000;
const UNSEEN_MS = 5000;

/**
 * @param {{
 *   load: () => Promise<State>,
 *   onState: (state: State) => void,
 *   onEvent: (event: ServerEvent) => void,
 *   onLost: () => void,
 * }} options onLost is called once for each lost connection, onState when it is back.
 */
export function follow({ load, onState, onEvent, onLost }) {
  let lost = false;
  /** Which start is the last one: what an earlier one still hears is no longer of interest. */
  let starts = 0;
  /** @type {EventSource | undefined} */
  let source;
  /** @type {number | undefined} */
  let timer;

  const retry = () => {
    if (!lost) onLost();
    lost = true;
    timer = setTimeout(start, RETRY_MS);
  };

  const start = async () => {
    starts += 1;
    const own = starts;
    clearTimeout(timer);
    source?.close();
    const state = await load().catch(() => null);
    if (own !== starts) return;
    if (state === null) {
      retry();
      return;
    }
    lost = false;
    onState(state);
    if (document.visibilityState === "hidden") timer = setTimeout(start, UNSEEN_MS);
    else listen(state.seq);
  };

  /** @param {number} after */
  const listen = (after) => {
    const stream = new EventSource(`/api/events?after=${after}&language=${language}`);
    source = stream;
    stream.onmessage = ({ data }) => {
      /** @type {ServerEvent} */
      const event = JSON.parse(data);
      if (event.type === "reset") start();
      else onEvent(event);
    };
    stream.onerror = () => {
      stream.close();
      retry();
    };
  };

  document.addEventListener("visibilitychange", start);
  start();
}
