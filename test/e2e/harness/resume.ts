// A process of its own that goes on with a session: all it has is the serialized session, the key, and where the chain is.
// Reads a request from its standard input as JSON, makes the calls, prints the receipt's outcome as JSON.
import { createSessionKey, parseSession, toSessionAccount } from "latchkey";
import { toNexusSmartAccount } from "permissionless/accounts";
import type { Hex } from "viem";
import type { Call } from "./session.ts";
import type { StackInfo } from "./stack.ts";
import { World } from "./world.ts";

export type ResumeRequest = { stack: StackInfo; session: string; privateKey: Hex; call: Call };
export type ResumeAnswer = { success: boolean; sender: string };

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const request: ResumeRequest = JSON.parse(Buffer.concat(chunks).toString("utf8"));

const world = new World(request.stack);
const session = parseSession(request.session);
const sessionKey = createSessionKey({ privateKey: request.privateKey });
const account = await toNexusSmartAccount({
  client: world.client,
  address: session.account,
  // The owner's key is not here; this account only says where the session's account is.
  owners: [sessionKey.account],
  version: "1.0.0",
});
const bundler = world.bundlerFor(await toSessionAccount({ account, session, sessionKey }));
const hash = await bundler.sendUserOperation({ calls: [request.call] });
const { success, sender } = await bundler.waitForUserOperationReceipt({ hash });
const answer: ResumeAnswer = { success, sender };
process.stdout.write(JSON.stringify(answer));
