// A chain to try things on: `npm run devnet`. Starts what the end-to-end tests use (a forked Anvil chain with Latchkey
// deployed, a bundler in safe mode), creates a smart account with an owner and some tokens, says how to reach it all, and
// runs until it is interrupted. With FORK_URL set, it forks that network instead.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startStack } from "../test/e2e/harness/stack.ts";
import { World } from "../test/e2e/harness/world.ts";

const usage = `Usage: npm run devnet -- [options]

Starts a chain with Latchkey, a bundler and a smart account to try things on. Stop it with Ctrl-C.

  --env FILE   where to write how to reach it (default: .env.devnet), for node --env-file
  --json       print that as JSON
  --help       show this text

With the environment variable FORK_URL set, that network is forked instead of a chain made for the purpose.
`;

const { values } = parseArgs({
  options: { env: { type: "string", default: ".env.devnet" }, json: { type: "boolean" }, help: { type: "boolean" } },
});

if (values.help) {
  process.stdout.write(usage);
} else {
  const onProgress = (what: string) => process.stderr.write(`${what} …\n`);
  const stack = await startStack({ forkUrl: process.env["FORK_URL"], onProgress });
  try {
    const world = new World(stack.info);
    const environment = await world.createEnvironment();
    const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(values.env, lines.join(""), { mode: 0o600 });
    if (values.json) {
      process.stdout.write(`${JSON.stringify(environment)}\n`);
    } else {
      process.stdout.write(
        `${lines.join("")}\nAll of this is in ${values.env}. The account has ether and tokens. Ctrl-C ends it.\n`,
      );
    }
    await new Promise((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
    });
  } finally {
    await stack.stop();
  }
}
