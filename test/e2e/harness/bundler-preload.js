// Loaded into the bundler's process before the bundler. The bundler compares validity windows with the computer's clock,
// while a test chain's clock is moved by tests; so its clock can be moved too. It also listens on this machine only,
// says on which port, and ends with the process that started it.
import { createServer } from "node:http";
import { Server } from "node:net";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const realNow = Date.now.bind(Date);
  let offset = 0;
  Date.now = () => realNow() + offset;

  process.on("disconnect", () => process.exit(1));

  /** @param {Server} server */
  const portOf = (server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  };

  // POST /<milliseconds ahead of the computer's clock>
  const clock = createServer((request, response) => {
    const value = Number(request.url?.slice(1));
    if (request.method === "POST" && Number.isSafeInteger(value)) {
      offset = value;
      response.writeHead(204).end();
    } else {
      response.writeHead(400).end();
    }
  });
  clock.listen({ port: 0, host: "127.0.0.1" }, () => {
    clock.unref();
    process.send?.({ name: "clock", port: portOf(clock) });
  });

  const { listen } = Server.prototype;
  Object.defineProperty(Server.prototype, "listen", {
    configurable: true,
    writable: true,
    /**
     * @this {Server}
     * @param {object} options
     * @param {unknown[]} rest
     */
    value(options, ...rest) {
      this.once("listening", () => process.send?.({ name: "bundler", port: portOf(this) }));
      return Reflect.apply(listen, this, [{ ...options, host: "127.0.0.1" }, ...rest]);
    },
  });
}
