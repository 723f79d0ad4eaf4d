// Nodes of one key, in one process: what tests drive by hand.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DistributedConsent,
  getDistributedKeyId,
  getIdentity,
  type NodeMessage,
  parseJson,
} from "latchkey/distributed/protocol";
import { bytesToHex, type Hex } from "viem";
import { expect } from "vitest";
import { KeyGenerator } from "../src/keyGenerator.js";
import { Refusal, type RefusalCode } from "../src/refusal.js";
import { Signer } from "../src/signer.js";
import { type KeyRecord, Store } from "../src/store.js";

export type Participant = {
  readonly identity: Hex;
  readonly store: Store;
  readonly generator: KeyGenerator;
  readonly signer: Signer;
};

export const passphrase = "a passphrase for tests";

export const random = (length = 32): Hex => bytesToHex(crypto.getRandomValues(new Uint8Array(length)));

/** An item that must be there. */
export function at<item>(items: readonly item[], index: number): item {
  const found = items[index];
  if (found === undefined) throw new Error(`there is no item ${index}`);
  return found;
}

/** Nodes with directories of their own, in the order in which a consent has them. */
export class Group {
  readonly directory: string;
  readonly participants: readonly Participant[];

  private constructor(directory: string, participants: readonly Participant[]) {
    this.directory = directory;
    this.participants = participants;
  }

  static async create(count: number): Promise<Group> {
    const directory = mkdtempSync(join(tmpdir(), "latchkey-group-"));
    const stores = await Promise.all(
      Array.from({ length: count }, (_, index) => Store.open(join(directory, String(index)), passphrase)),
    );
    const participants = stores.map((store) => wake(store));
    return new Group(
      directory,
      participants.toSorted((a, b) => (a.identity < b.identity ? -1 : 1)),
    );
  }

  /** A consent to a new key of these nodes. */
  consent(threshold: number, change: Partial<DistributedConsent> = {}): DistributedConsent {
    return {
      account: "0x0000000000000000000000000000000000000001",
      chainId: 1n,
      nodes: this.participants.map(({ identity }) => identity),
      threshold,
      authorizationKey: `0x01${"00".repeat(32)}`,
      validUntil: 2_000_000_000,
      salt: random(),
      ...change,
    };
  }

  /** Generates a key as an honest coordinator would. */
  async generate(consent: DistributedConsent, participants = this.participants): Promise<readonly KeyRecord[]> {
    const key = getDistributedKeyId(consent);
    const attempt = random();
    const first = await Promise.all(participants.map(({ generator }) => generator.round1({ key, attempt, consent })));
    const second = participants.flatMap(({ generator }) => generator.round2({ key, attempt, messages: first }));
    const third = await Promise.all(
      participants.map(({ identity, generator }) =>
        generator.round3({ key, attempt, messages: messagesTo(identity, second) }),
      ),
    );
    return Promise.all(participants.map(({ generator }) => generator.activate({ key, messages: third })));
  }

  async remove(): Promise<void> {
    await Promise.all(this.participants.map(({ store }) => store.close()));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A node in memory on what is kept on disk: as after a restart, if there was one before. */
export function wake(store: Store): Participant {
  const identity = getIdentity(store.identity);
  return { identity, store, generator: new KeyGenerator(store, identity), signer: new Signer(store, identity) };
}

/** What is said to one node in the second round. */
export function messagesTo(identity: Hex, messages: readonly NodeMessage[]): readonly NodeMessage[] {
  return messages.filter(({ body }) => Object(parseJson(body)).to === identity);
}

/** The check that refuses. */
export async function refusal(action: () => unknown): Promise<RefusalCode | string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    if (error instanceof Error && error.name === "MalformedMessageError") return `malformed: ${error.message}`;
    throw error;
  }
  expect.fail("nothing was refused");
}
