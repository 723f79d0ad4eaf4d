// A process of its own that goes on with a session: all it has is the serialized session, the key, and where the chain is.
// Reads a request from its standard input as JSON, makes the calls, prints the receipt's outcome as JSON.
import { createSessionKey, decodeSessionError, parseSession, toSessionAccount } from "latchkey";
import type { Hex } from "viem";
import type { Call } from "./session.ts";
import type { StackInfo } from "./stack.ts";
import { World } from "./world.ts";

export type ResumeRequest = { stack: StackInfo; session: string; privateKey: Hex; call: Call };
export type ResumeAnswer = { success: boolean; sender: string } | { refused: string };

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const request: ResumeRequest = JSON.parse(Buffer.concat(chunks).toString("utf8"));

const world = new World(request.stack);
const session = parseSession(request.session);
const sessionKey = createSessionKey({ privateKey: request.privateKey });
const bundler = world.bundlerFor(await toSessionAccount({ client: world.client, session, sessionKey }));
process.stdout.write(JSON.stringify(await use()));

async function use(): Promise<ResumeAnswer> {
  try {
    const hash = await bundler.sendUserOperation({ calls: [request.call] });
    const { success, sender } = await bundler.waitForUserOperationReceipt({ hash });
    return { success, sender };
  } catch (error) {
    const refused = decodeSessionError(error);
    if (refused === undefined) throw error;
    return { refused: refused.name };
  }
}
