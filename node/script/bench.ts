// How long it takes to generate a key and to sign, with all nodes in one process: `npm run bench --workspace latchkey-node`.
// Everything counts that nodes compute and write to the disk, requests and their signatures too; the network and what is
// asked of the chain do not. `--json` prints one JSON document.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  aggregate,
  type DistributedConsent,
  getIdentity,
  isShareValid,
  type NodeMessage,
  openCommitment,
  parseJson,
  toFrostPublic,
} from "latchkey/distributed/protocol";
import { bytesToHex, type Hex } from "viem";
import { KeyGenerator } from "../src/keyGenerator.js";
import { Signer } from "../src/signer.js";
import { type KeyRecord, Store } from "../src/store.js";

const groups = [
  { threshold: 2, count: 3 },
  { threshold: 3, count: 5 },
  { threshold: 7, count: 10 },
];
const signatures = 20;
const random = (): Hex => bytesToHex(crypto.getRandomValues(new Uint8Array(32)));

type Participant = { identity: Hex; store: Store; generator: KeyGenerator; signer: Signer };

const directory = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
try {
  const rows: object[] = [];
  for (const { threshold, count } of groups) rows.push(await measure(threshold, count));
  if (process.argv.includes("--json")) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else for (const row of rows) process.stdout.write(`${Object.values(row).join("  ")}\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function measure(threshold: number, count: number) {
  const participants = await Promise.all(Array.from({ length: count }, (_, index) => open(`${count}-${index}`)));
  participants.sort((a, b) => (a.identity < b.identity ? -1 : 1));
  const consent: DistributedConsent = {
    account: "0x0000000000000000000000000000000000000001",
    chainId: 1n,
    nodes: participants.map(({ identity }) => identity),
    threshold,
    authorizationKey: `0x01${"00".repeat(32)}`,
    validUntil: 2_000_000_000,
    salt: random(),
  };
  const begun = { time: performance.now(), busy: process.cpuUsage() };
  const records = await generate(participants, consent);
  const generated = performance.now() - begun.time;
  const generatedBy = processorTime(begun.busy);

  const chosen = participants.slice(0, threshold);
  const [first] = records.values();
  const frostPublic = toFrostPublic({ ...consent, commitments: first?.commitments ?? [] });
  const busy = process.cpuUsage();
  const start = performance.now();
  for (let index = 0; index < signatures; index++) await sign(chosen, records, frostPublic);
  const milliseconds = (performance.now() - start) / signatures;
  const signedBy = processorTime(busy) / signatures;
  await Promise.all(participants.map(({ store }) => store.close()));
  return {
    group: `${threshold} of ${count}`,
    generation: `key generation ${generated.toFixed(0)} ms (${generatedBy.toFixed(0)} ms of processor time)`,
    signing: `signature ${milliseconds.toFixed(0)} ms (${signedBy.toFixed(0)} ms of processor time)`,
    perCore: `${(1_000 / signedBy).toFixed(1)} signatures a second and core, of all nodes and the SDK together`,
  };
}

/** What this process has computed since, in ms. */
function processorTime(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000;
}

async function open(name: string): Promise<Participant> {
  const store = await Store.open(join(directory, name), "a passphrase");
  const identity = getIdentity(store.identity);
  return { identity, store, generator: new KeyGenerator(store, identity), signer: new Signer(store, identity) };
}

async function generate(participants: readonly Participant[], consent: DistributedConsent) {
  const [key, attempt] = [random(), random()];
  const first = await Promise.all(participants.map(({ generator }) => generator.round1({ key, attempt, consent })));
  const second = participants.flatMap(({ generator }) => generator.round2({ key, attempt, messages: first }));
  const addressee = ({ body }: NodeMessage): unknown => Object(parseJson(body)).to;
  const third = await Promise.all(
    participants.map(({ identity, generator }) => {
      const messages = second.filter((message) => addressee(message) === identity);
      return generator.round3({ key, attempt, messages });
    }),
  );
  const records = await Promise.all(participants.map(({ generator }) => generator.activate({ key, messages: third })));
  return new Map(records.map((record, index) => [participants[index]?.identity, record]));
}

async function sign(
  chosen: readonly Participant[],
  records: ReadonlyMap<Hex | undefined, KeyRecord>,
  frostPublic: ReturnType<typeof toFrostPublic>,
): Promise<Hex> {
  const [attempt, digest] = [random(), random()];
  const [first] = records.values();
  if (first === undefined) throw new Error("there is no key");
  const {
    id: key,
    consent: { nodes },
  } = first;
  const recordOf = (identity: Hex) => records.get(identity) ?? first;
  const said = chosen.map(({ identity, signer }) => signer.commit({ record: recordOf(identity), attempt }));
  const answers = await Promise.all(
    chosen.map(({ identity, signer }) =>
      signer.prepare({ record: recordOf(identity), attempt, commitments: said }).sign(digest),
    ),
  );
  const commitments = said.map((message) => openCommitment(message, { key, attempt }));
  const shares = new Map(answers.map(({ from, body }): [Hex, Hex] => [from, Object(parseJson(body)).share]));
  for (const [node, share] of shares)
    if (!isShareValid({ frostPublic, nodes, commitments, digest, node, share })) throw new Error("a share is wrong");
  return aggregate({ frostPublic, nodes, commitments, digest, shares });
}
