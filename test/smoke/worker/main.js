// What an edge worker runs: a handler that answers a request, in a bundle without Node's modules.
import { check } from "./check.js";

export default {
  async fetch() {
    return new Response(JSON.stringify(await check()), { headers: { "content-type": "application/json" } });
  },
};
