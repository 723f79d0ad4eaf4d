import { readFile } from "node:fs/promises";
import rateLimit from "@fastify/rate-limit";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from "fastify";
import type { NodeConfig } from "./config.js";
import { createMetrics } from "./metrics.js";
import { LatchkeyNode } from "./node.js";
import { Refusal } from "./refusal.js";
import type { Store } from "./store.js";

export type RunningNode = {
  /** Where it listens. */
  readonly url: string;
  readonly node: LatchkeyNode;
  /** Answers what has been asked, and ends. */
  readonly stop: () => Promise<void>;
};

const HEALTH_LIFETIME = 2_000;

/** Starts a node's HTTP service. */
export async function startNode(
  config: NodeConfig,
  store: Store,
  { log = true }: { log?: boolean } = {},
): Promise<RunningNode> {
  const node = new LatchkeyNode(config, store);
  const { limits, tls } = config;
  const { requestTimeout } = limits;
  // All three: Node waits for the longer of the first two, and looks only so often.
  const http = {
    requestTimeout,
    headersTimeout: requestTimeout,
    connectionsCheckingInterval: Math.min(requestTimeout, 30_000),
  };
  const server = fastify({
    // One line a request, written below: what is asked and what headers say is nobody's business.
    logger: log ? { level: "info", base: null } : false,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    requestTimeout,
    connectionTimeout: 60_000,
    keepAliveTimeout: 10_000,
    // The address that the proxy itself saw: what stands before it in the header is what the proxy was told.
    trustProxy: config.trustProxy && ((_address: string, hop: number) => hop === 0),
    forceCloseConnections: "idle",
    ...(tls ? { https: { ...http, cert: await readFile(tls.cert), key: await readFile(tls.key) } } : { http }),
  });
  await server.register(rateLimit, {
    max: limits.requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: () => new Refusal("rate", "Too many requests from this address."),
  });
  allowBrowsers(server);
  addRoutes(server, node, config);
  const url = await server.listen({ host: config.host, port: config.port });
  return { url, node, stop: () => server.close() };
}

/** Requests are signed and carry no cookies, so that any page may send them. */
function allowBrowsers(server: FastifyInstance): void {
  server.addHook("onRequest", async (_request, reply) => {
    reply.header("access-control-allow-origin", "*");
  });
  server.options("/*", async (_request, reply) => {
    reply
      .header("access-control-allow-methods", "GET, POST")
      .header("access-control-allow-headers", "content-type")
      .header("access-control-max-age", "86400")
      .status(204)
      .send();
  });
}

function addRoutes(server: FastifyInstance, node: LatchkeyNode, config: NodeConfig): void {
  const metrics = createMetrics(
    () => node.pendingNonces,
    () => node.activeKeys,
  );

  const respond = async (
    request: FastifyRequest,
    reply: FastifyReply,
    purpose: string,
    answer: () => Promise<unknown>,
  ) => {
    const stop = metrics.seconds.startTimer({ purpose });
    const finish = (outcome: string, details: object) => {
      stop();
      metrics.requests.inc({ purpose, outcome });
      const level = outcome === "error" ? "error" : "info";
      request.log[level]({ purpose, outcome, milliseconds: Math.round(reply.elapsedTime), ...details });
    };
    try {
      const result = await answer();
      if (purpose === "sign") metrics.signatures.inc();
      finish("ok", {});
      return { result };
    } catch (error) {
      if (error instanceof Refusal) {
        finish(error.code, { reason: error.reason });
        reply.status(error.status);
        return { error: { code: error.code, message: error.message } };
      }
      // An error that nobody thought of: its name, because its message may hold anything.
      finish("error", { reason: error instanceof Error ? error.name : typeof error });
      reply.status(500);
      return { error: { code: "error", message: "Something went wrong in the node." } };
    }
  };

  server.post("/v1/revoke", (request, reply) => respond(request, reply, "revoke", () => node.revoke(request.body)));
  for (const purpose of ["round1", "round2", "round3", "activate", "status", "commit", "sign"])
    server.post(`/v1/${purpose}`, (request, reply) =>
      respond(request, reply, purpose, () => node.answer(purpose, request.body)),
    );

  const health = createHealthReader(node, config);
  server.get("/v1/health", async (_request, reply) => {
    const state = await health();
    reply.status(state.status === "ok" ? 200 : 503);
    return state;
  });
  server.get("/metrics", async (_request, reply) => {
    reply.header("content-type", metrics.registry.contentType);
    return metrics.registry.metrics();
  });

  server.setNotFoundHandler((_request, reply) =>
    reply.status(404).send({ error: { code: "not-found", message: "There is nothing here." } }),
  );
  server.setErrorHandler((error, _request, reply) => {
    const refusal = error instanceof Refusal ? error : undefined;
    const status = refusal?.status ?? statusOf(error);
    const code = refusal?.code ?? (status < 500 ? "malformed" : "error");
    return reply.status(status).send({ error: { code, message: refusal?.message ?? "The request cannot be read." } });
  });
}

/** The status that the framework gave an error, such as 413 for a body that is too large. */
function statusOf(error: unknown): number {
  const known = typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : undefined;
  return typeof known === "number" ? known : 500;
}

/** Whether the node can do its work: it cannot without its chains. Not asked more often than every few seconds. */
function createHealthReader(node: LatchkeyNode, { chains }: NodeConfig) {
  let known: { at: number; chains: Promise<{ readonly [chainId: string]: boolean }> } | undefined;
  const read = async () =>
    Object.fromEntries(
      await Promise.all(
        Object.keys(chains).map(async (id) => {
          const reached = await node.chains.now(Number(id)).then(
            () => true,
            () => false,
          );
          return [id, reached] as const;
        }),
      ),
    );
  return async () => {
    if (known === undefined || Date.now() - known.at > HEALTH_LIFETIME) known = { at: Date.now(), chains: read() };
    const reached = await known.chains;
    const status = Object.values(reached).every(Boolean) ? "ok" : "degraded";
    return { status, identity: node.identity, chains: reached };
  };
}
