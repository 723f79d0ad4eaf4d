import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** What a node counts, in Prometheus' format. No label names a key or an account. */
export function createMetrics(pendingNonces: () => number, keys: () => number) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: "latchkey_node_requests_total",
    help: "Requests by purpose and outcome: ok, or the check that refused",
    labelNames: ["purpose", "outcome"],
    registers,
  });
  const seconds = new Histogram({
    name: "latchkey_node_request_seconds",
    help: "How long requests took",
    labelNames: ["purpose"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const signatures = new Counter({
    name: "latchkey_node_signatures_total",
    help: "Parts of signatures given out",
    registers,
  });
  new Gauge({
    name: "latchkey_node_pending_nonces",
    help: "Nonces committed to and not used yet",
    registers,
    collect() {
      this.set(pendingNonces());
    },
  });
  new Gauge({
    name: "latchkey_node_keys",
    help: "Keys that can be signed with",
    registers,
    collect() {
      this.set(keys());
    },
  });
  return { registry, requests, seconds, signatures };
}

export type Metrics = ReturnType<typeof createMetrics>;
