// @ts-check
// Keeps the page up to date: the whole state first, then every event. After a lost connection it starts
// over with the state, which is always right, whatever was missed and whoever was restarted.

/** @import {ServerEvent, State} from "./contract.js" */

const RETRY_MS = 1000;

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

  const retry = () => {
    if (!lost) onLost();
    lost = true;
    setTimeout(start, RETRY_MS);
  };

  const start = async () => {
    let state;
    try {
      state = await load();
    } catch {
      retry();
      return;
    }
    lost = false;
    onState(state);
    const source = new EventSource(`/api/events?after=${state.seq}`);
    source.onmessage = ({ data }) => {
      /** @type {ServerEvent} */
      const event = JSON.parse(data);
      if (event.type === "reset") {
        source.close();
        start();
      } else {
        onEvent(event);
      }
    };
    source.onerror = () => {
      source.close();
      retry();
    };
  };

  start();
}
