import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { allowErc20, exportPrivateKey, serializeSession } from "latchkey";
import { expect, it } from "vitest";
import type { ResumeAnswer, ResumeRequest } from "./harness/resume.ts";
import { SessionWorld, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";

it("goes on with a session in another process, from the serialized session and the key alone", async () => {
  const world = connect();
  const { token } = world.contracts;
  const used = await SessionWorld.grant(world, await world.createAccount(), {
    actions: [allowErc20({ token, total: 100n })],
  });
  await used.use(tokenCall.transfer(token, someone(1), 60n));
  const resume = (amount: bigint) =>
    run({
      stack: world.info,
      session: serializeSession(used.session),
      privateKey: exportPrivateKey(used.sessionKey),
      call: tokenCall.transfer(token, someone(1), amount),
    });

  expect(await resume(40n)).toEqual({ success: true, sender: used.account.address });
  expect(await used.budgets()).toEqual([{ total: 100n, inPeriod: undefined }]);

  expect(await resume(1n)).toEqual({ refused: "TotalLimitExceededError" });
  expect(await used.budgets()).toEqual([{ total: 100n, inPeriod: undefined }]);
});

async function run(request: ResumeRequest): Promise<ResumeAnswer> {
  const script = fileURLToPath(new URL("./harness/resume.ts", import.meta.url));
  const child = spawn(process.execPath, [createRequire(import.meta.url).resolve("tsx/cli"), script]);
  child.stdin.end(JSON.stringify(request));
  const [output, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("exit", resolve)),
  ]);
  if (code !== 0) throw new Error(`the process ended with ${code}: ${errors}`);
  return JSON.parse(output);
}
