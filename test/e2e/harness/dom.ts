// A page for React to render into; to be imported before React. Everything else stays Node's, `fetch` above all.
import { Window } from "happy-dom";

const window = new Window({ url: "http://localhost/" });
const names = ["document", "HTMLElement", "HTMLIFrameElement", "Element", "Node", "Event", "MutationObserver"] as const;

Object.assign(globalThis, {
  window,
  IS_REACT_ACT_ENVIRONMENT: true,
  navigator: window.navigator,
  ...Object.fromEntries(names.map((name) => [name, window[name]])),
});
