// A process of its own that goes on with a session: all it has is the folder of a store, its passphrase, and where the chain
// is. Reads a request from its standard input as JSON, makes a call if there is one, prints what came of
// it as JSON.
import { inspect } from "node:util";
import { decodeSessionError, resumeSession } from "latchkey";
import { createSessionStore, fileAdapter, refreshSessions, type SessionStatus } from "latchkey/storage";
import type { Hex } from "viem";
import type { Call } from "./session.ts";
import type { StackInfo } from "./stack.ts";
import { World } from "./world.ts";

export type StoreRequest = { stack: StackInfo; folder: string; passphrase: string; id: Hex; call?: Call };
export type StoreAnswer = { before: SessionStatus; after: SessionStatus; success?: boolean; refused?: string };

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const request: StoreRequest = JSON.parse(Buffer.concat(chunks).toString("utf8"));

const world = new World(request.stack);
const now = await world.now();
const store = createSessionStore({
  adapter: fileAdapter({ folder: request.folder }),
  encryption: { passphrase: request.passphrase },
  now: () => now,
});
await refreshSessions(world.client, { store });
const record = await store.get(request.id);
if (record === undefined) throw new Error(`session ${request.id} is not in ${store.adapter.location}`);
const outcome = request.call === undefined ? {} : await use(request.call);
const after = await store.get(request.id);
const answer: StoreAnswer = { before: record.status, after: after?.status ?? "pending", ...outcome };
say({ store, record, after });
process.stdout.write(JSON.stringify(answer));

async function use(call: Call): Promise<Pick<StoreAnswer, "success" | "refused">> {
  const { session, proof, grant } = record ?? {};
  if (session === undefined) throw new Error("there is no session");
  const sessionKey = await store.keys.load(session.sessionKey);
  say(sessionKey);
  const { account } = await resumeSession(world.client, { session, sessionKey, proof, grant });
  const bundler = world.bundlerFor(account);
  try {
    const hash = await bundler.sendUserOperation({ calls: [call] });
    const receipt = await bundler.waitForUserOperationReceipt({ hash });
    await store.applyReceipt({ chainId: request.stack.chainId, receipt });
    return { success: receipt.success };
  } catch (error) {
    say(error);
    const refused = decodeSessionError(error);
    if (refused === undefined) throw error;
    return { refused: refused.name };
  }
}

/** Logs as a careless program does, and more. */
function say(value: unknown): void {
  process.stderr.write(`${inspect(value, { depth: 9, showHidden: true })}\n`);
  const toText = (_: string, item: unknown) => (typeof item === "bigint" ? String(item) : item);
  process.stderr.write(`${JSON.stringify(value, toText)}\n`);
}
