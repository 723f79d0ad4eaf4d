// How fast the SDK is: ids and proofs of many sessions, and what a use takes before anything is sent. `npm run bench:sdk`; see
// --help. The SDK must be built.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import {
  allowErc20,
  checkSessionCalls,
  defineSession,
  encodeUse,
  getSessionId,
  getSessionTree,
  matchCalls,
  type Session,
} from "latchkey";
import { type Address, encodeFunctionData, erc20Abi, numberToHex, parseEther } from "viem";

type Row = { name: string; runs: number; milliseconds: number; perSecond: number };

const usage = `Usage: npm run bench:sdk -- [options]

Measures the SDK: ids and proofs of many sessions, and what a use takes before anything is sent.

  --sessions N  how many sessions have an id and a proof (default: 100000)
  --uses N      how many uses are built and checked (default: 5000)
  --json        print JSON
  --help        show this text
`;

const { values: options } = parseArgs({
  options: {
    sessions: { type: "string", default: "100000" },
    uses: { type: "string", default: "5000" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const [count, uses] = [Number(options.sessions), Number(options.uses)];
if (!Number.isSafeInteger(count) || !Number.isSafeInteger(uses) || count < 2 || uses < 1) {
  process.stderr.write("--sessions and --uses are whole numbers, at least 2 and 1\n");
  process.exit(2);
}

const account: Address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const token: Address = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const shop: Address = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const at = 1_900_000_000;

const session = defineSession({
  ...{ account, chainId: 1, sessionKey: shop, validUntil: 2_000_000_000 },
  fees: { maxPerOperation: parseEther("0.01"), total: parseEther("1") },
  actions: [allowErc20({ token, recipients: [shop], perPeriod: { amount: 1_000n, period: "day" } })],
});
const sessions = Array.from(
  { length: count },
  (_, index): Session => ({ ...session, salt: numberToHex(index, { size: 32 }) }),
);
const call = {
  ...{ to: token, value: 0n },
  data: encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [shop, 1n] }),
};

const rows: Row[] = [];
measure("define a session", uses, (index) =>
  defineSession({
    ...{ account, chainId: 1, sessionKey: shop, validUntil: at + index },
    fees: { maxPerOperation: 1n, total: "unlimited" },
    actions: [allowErc20({ token, total: 1_000n })],
  }),
);
measure("id of a session", count, (index) => getSessionId(sessions[index] ?? session));
let tree = getSessionTree(sessions.slice(0, 2));
measure("tree of the sessions, ids included", 1, () => {
  tree = getSessionTree(sessions);
});
measure("proof of a session", count, (index) => tree.getProof(tree.ids[index] ?? "0x"));
measure("claims and use of an operation", uses, () =>
  encodeUse({ session, claims: matchCalls({ session, calls: [call] }), claimedTime: at }),
);
measure("offline check of an operation", uses, () => {
  const { allowed } = checkSessionCalls({
    session,
    calls: [call],
    at,
    state: { budgets: {} },
    operation: { cost: 1n },
  });
  if (!allowed) throw new Error("the operation that is measured is not allowed");
});

if (options.json) {
  process.stdout.write(`${JSON.stringify({ node: process.version, cores: cpus().length, rows }, null, 2)}\n`);
} else {
  process.stdout.write(
    `Node ${process.version}, ${cpus().length} cores\n\n| | how many | together | each |\n| --- | --- | --- | --- |\n`,
  );
  for (const { name, runs, milliseconds } of rows) {
    const each = milliseconds / runs;
    const words = [name, runs.toLocaleString("en"), `${(milliseconds / 1000).toFixed(2)} s`, `${each.toFixed(3)} ms`];
    process.stdout.write(`| ${words.join(" | ")} |\n`);
  }
}

function measure(name: string, runs: number, run: (index: number) => unknown): void {
  const start = performance.now();
  for (let index = 0; index < runs; index++) run(index);
  const milliseconds = performance.now() - start;
  rows.push({ name, runs, milliseconds, perSecond: (runs / milliseconds) * 1000 });
}
