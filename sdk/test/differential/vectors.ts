import { concat, type Hex, keccak256, numberToHex, slice } from "viem";
import {
  type Call,
  checkSessionCalls,
  encodeExecution,
  encodeUse,
  getRevokeCall,
  getSessionId,
  getSessionTree,
  matchCalls,
  type Session,
  type SessionState,
} from "../../src/index.js";
import { createRandom, type Random } from "./random.js";
import { timeCodes, toRevert } from "./revert.js";
import { contracts, paymaster, randomCall, randomSession, start, targets } from "./sessions.js";

/** An operation, and what must come of it. Names are short, because there are thousands. */
export type Step = {
  /** What the SDK says: "allowed", or the code of the first denial. */
  readonly code: string;
  /** When it comes, in seconds since 1970. */
  readonly at: number;
  /** The operation's callData, compressed. */
  readonly data: Hex;
  /** The use, but for the key's signature, compressed. */
  readonly use: Hex;
  /** What it costs at the most, in wei. */
  readonly cost: number;
  /** 1 if the paymaster pays. */
  readonly sponsored: number;
  /** Bytes of an EIP-7702 account's first call. */
  readonly init: number;
  /** The selectors of the errors that the manager reverts with, outermost first; none if it accepts. */
  readonly errors: Hex;
  /** The first 8 bytes of the hash of all that it reverts with; 0 if the SDK does not know all of it. */
  readonly digest: Hex;
  /** The validity window that the manager returns: first and last second, 6 bytes each; 0 if it reverts. */
  readonly window: Hex;
};

/** A session, how the chain has it, and operations one after the other. */
export type Scenario = {
  readonly id: Hex;
  /** The session's root; 0 if it brings no proof. */
  readonly root: Hex;
  /** 0 none, 1 granted, 2 revoked; of the session and of the root. */
  readonly status: number;
  readonly rootStatus: number;
  readonly installed: boolean;
  readonly epoch: number;
  /** Whether the second target is a module of the account. */
  readonly hasModule: boolean;
  readonly steps: readonly Step[];
};

export type Vectors = { readonly seed: number; readonly scenarios: readonly Scenario[] };

const statuses = ["none", "granted", "revoked"] as const;
const zero = numberToHex(0, { size: 32 });

/** Random sessions and operations, the same for the same seed, and what the SDK says of them. */
export function createVectors({ seed, runs }: { seed: number; runs: number }): Vectors {
  const random = createRandom(seed);
  return { seed, scenarios: Array.from({ length: runs }, (_, index) => createScenario(random, index)) };
}

function createScenario(random: Random, index: number): Scenario {
  const session = randomSession(random, index);
  const id = getSessionId(session);
  const tree = random.chance(6) ? getSessionTree([session, { ...session, salt: zero }]) : undefined;
  const proof = tree?.getProof(session);
  const status = tree === undefined ? (random.chance(95) ? 1 : random.below(3)) : random.chance(90) ? 0 : 2;
  const rootStatus = tree === undefined ? 0 : random.pick([0, 1, 1, 1, 2]);
  const epoch = random.chance(97) ? Number(session.epoch) : 1 - Number(session.epoch);
  const installed = !random.chance(2);
  const hasModule = random.chance(50);
  let state: SessionState = {
    ...{ installed, epoch: BigInt(epoch), budgets: {}, modules: hasModule ? [targets[1]] : [] },
    status: statuses[status],
    rootStatus: statuses[rootStatus],
  };
  let at = start;
  const steps = Array.from({ length: 1 + random.below(4) }, () => {
    at += random.pick([0, 12, 400, 4_000, 90_000]);
    const { step, next } = createStep(random, { session, id, proof, state, at });
    state = next;
    return step;
  });
  return { id, root: tree?.root ?? zero, status, rootStatus, installed, epoch, hasModule, steps };
}

type Situation = {
  readonly session: Session;
  readonly id: Hex;
  readonly proof: readonly Hex[] | undefined;
  readonly state: SessionState;
  readonly at: number;
};

function createStep(random: Random, { session, id, proof, state, at }: Situation): { step: Step; next: SessionState } {
  const calls = Array.from({ length: random.pick([1, 1, 2, 3]) }, () =>
    random.chance(4) ? revocation(random, id) : randomCall(random, session),
  );
  const found = matchCalls({ session, calls, contracts, otherwise: "closest" });
  const claims = found.map((claim) => (random.chance(3) ? random.pick([0, 255]) : claim));
  const claimedTime = random.chance(90) ? at : random.pick([0, Math.max(1, at - 90_000), at + 4_000, 2 ** 47 - 1, 1]);
  const cost = random.chance(96) ? random.below(21) : 21;
  const pays = session.paymaster.toLowerCase() === paymaster;
  const sponsored = random.chance(96) ? pays : !pays;
  const init = random.chance(1) ? 1 + random.below(9) : 0;
  const result = checkSessionCalls({
    ...{ session, calls, claims, at, claimedTime, state, contracts, proof },
    operation: { cost: BigInt(cost), paymaster: sponsored ? paymaster : undefined, initializerLength: init },
  });
  const [first] = result.denials;
  const revert = first === undefined || timeCodes.includes(first.code) ? undefined : toRevert(first);
  const { validAfter, validUntil } = result.window;
  return {
    step: {
      ...{ code: first?.code ?? "allowed", at, cost, sponsored: sponsored ? 1 : 0, init },
      data: compress(encodeExecution(calls)),
      use: compress(encodeUse({ session, claims, claimedTime, ...(proof ? { proof } : {}) })),
      errors: revert?.selectors ?? "0x",
      digest: revert?.data === undefined ? "0x0000000000000000" : slice(keccak256(revert.data), 0, 8),
      window:
        revert === undefined
          ? concat([numberToHex(validAfter, { size: 6 }), numberToHex(validUntil, { size: 6 })])
          : numberToHex(0, { size: 12 }),
    },
    next: result.state,
  };
}

function revocation(random: Random, id: Hex): Call {
  const call = getRevokeCall({ ids: [id], contracts });
  return { to: call.to, value: random.chance(80) ? 0n : 1n, data: call.data };
}

/** Solady's LibZip.cdCompress: runs of zeros, and of bytes of ones, are two bytes, and the first four bytes are negated. */
export function compress(data: Hex): Hex {
  const packed = data
    .slice(2)
    .replace(/(?:00){1,128}|(?:ff){2,32}|../g, (run, at: number) => (at % 2 === 0 ? compressRun(run) : run));
  const bytes = packed.match(/../g) ?? [];
  return `0x${bytes.map((byte, index) => (index < 4 ? toByte(0xff ^ Number.parseInt(byte, 16)) : byte)).join("")}`;
}

function compressRun(run: string): string {
  const length = run.length / 2;
  if (run.startsWith("00")) return `00${toByte(length - 1)}`;
  return run.startsWith("ff") && length > 1 ? `00${toByte(0x80 + length - 1)}` : run;
}

function toByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** How often each code occurs. */
export function countCodes({ scenarios }: Vectors): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { code } of scenarios.flatMap(({ steps }) => steps)) counts.set(code, (counts.get(code) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The file's text: a line for each scenario. */
export function formatVectors({ seed, scenarios }: Vectors): string {
  const lines = scenarios.map((scenario) => `  ${JSON.stringify(scenario)}`).join(",\n");
  return `{\n"seed": ${seed},\n"scenarios": [\n${lines}\n]\n}\n`;
}
