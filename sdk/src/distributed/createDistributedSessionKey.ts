import { bytesToHex, type Hex } from "viem";
import { InvalidParameterError } from "../errors/input.js";
import { checkParameters } from "../utils/validate.js";
import type { DistributedNode } from "./consent.js";
import { KeyGenerationFailedError, type NodeFailure } from "./errors.js";
import { isKeySupported, parseGenerated, parseRound1 } from "./frost.js";
import { asFields, asHex, asList, MalformedMessageError, type NodeMessage, openNodeMessage } from "./messages.js";
import { sortAnswers } from "./nodeClient.js";
import {
  connect,
  connectionNames,
  type DistributedConnectionParameters,
  type DistributedSessionKey,
  toDistributedSessionKey,
} from "./toDistributedSessionKey.js";
import { toWireConsent } from "./wire.js";

export type CreateDistributedSessionKeyParameters = DistributedConnectionParameters & {
  /** How many nodes it takes to sign; the consent's if left out, and never another. */
  threshold?: number | undefined;
};

export type CreateDistributedSessionKeyReturnType = DistributedSessionKey;

export type CreateDistributedSessionKeyErrorType = KeyGenerationFailedError;

/**
 * Has nodes generate a session key that none of them holds, and no one else: each keeps a share, and as many as the
 * threshold says sign together. The key is one like any other: `defineSession`, `grantSession` and `toSessionAccount` do
 * not know the difference.
 *
 * To generate a key takes all nodes. If one fails the error names it, and the same call can be made again: it goes on with
 * a key that the nodes have generated already, and else starts anew.
 *
 * To sign takes the threshold. Every node looks at the operation by itself before it takes part. Nodes that are dead, slow,
 * refuse or lie are worked around as long as enough are left; below that, signing throws a NotEnoughNodesError that names
 * each node that failed, and why.
 *
 * @param parameters The nodes, the owner's consent, the authorisation key.
 * @returns The key. {@link DistributedSessionKey}
 * @throws KeyGenerationFailedError, NodesMismatchError, InvalidParameterError if the threshold is not the consent's. Signing
 * throws NotEnoughNodesError, and DistributedSigningNotSupportedError for messages.
 *
 * @example
 * import {
 *   type AuthorizationKey,
 *   createDistributedSessionKey,
 *   type DistributedNode,
 *   type SignedDistributedConsent,
 * } from "latchkey/distributed";
 *
 * const create = (
 *   nodes: readonly DistributedNode[],
 *   consent: SignedDistributedConsent,
 *   authorizationKey: AuthorizationKey,
 * ) => createDistributedSessionKey({ nodes, threshold: 3, consent, authorizationKey });
 */
export async function createDistributedSessionKey(
  parameters: CreateDistributedSessionKeyParameters,
): Promise<CreateDistributedSessionKeyReturnType> {
  checkParameters("createDistributedSessionKey's argument", parameters, [...connectionNames, "threshold"]);
  const { threshold: given, ...connection } = parameters;
  const { consent } = connection.consent;
  const { threshold } = consent;
  if (given !== undefined && given !== threshold)
    throw new InvalidParameterError({ parameter: "threshold", expected: `the consent's, which is ${threshold}` });
  const { nodes, client, keyId } = connect(connection);

  return inTurn(keyId, async () => {
    const known = await findGenerated();
    const generated = known ?? (await generate());
    await askAll("activate", nodes, () => ({ messages: generated.messages }), readNothing);
    const publicKey = { nodes: consent.nodes, threshold, commitments: generated.commitments };
    return toDistributedSessionKey({ ...connection, publicKey });
  });

  /** What the nodes said at the end of an attempt that all of them completed, if there is one. */
  async function findGenerated(): Promise<GeneratedKey | undefined> {
    const answers = await Promise.all(
      nodes.map((node) =>
        client.ask(node, "status", {}, (answer) => {
          const { message } = asFields("status", answer);
          if (message === undefined || message === null) return undefined;
          const attempt = asHex("attempt", asFields("message", message)["attempt"], 32);
          return { ...readGenerated(message, node, attempt), attempt };
        }),
      ),
    );
    const { values, failures } = sortAnswers(answers);
    // A node that does not know the key is what is expected.
    const real = failures.filter(({ code }) => code !== "unknown-key");
    if (real.length > 0) throw new KeyGenerationFailedError({ step: "status", failures: real });
    const found = values.flatMap(({ node, value }) => (value === undefined ? [] : [{ node, value }]));
    const first = found[0]?.value;
    if (first === undefined || found.length < nodes.length) return undefined;
    return found.every(({ value }) => value.attempt === first.attempt) ? compare(found) : undefined;
  }

  async function generate(): Promise<GeneratedKey> {
    const attempt = bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
    const signed = toWireConsent(connection.consent);
    const first = await askAll(
      "round1",
      nodes,
      () => ({ attempt, consent: signed }),
      (answer, node) => {
        const opened = openNodeMessage(answer, { type: "round1", key: keyId, attempt, from: node.identity });
        parseRound1(opened.body, threshold);
        return opened.message;
      },
    );
    const round1 = first.map(({ value }) => value);
    const second = await askAll(
      "round2",
      nodes,
      () => ({ attempt, messages: round1 }),
      (answer, node) => readRound2(answer, node, attempt),
    );
    const third = await askAll(
      "round3",
      nodes,
      (node) => ({ attempt, messages: second.flatMap(({ value }) => value.get(node.identity) ?? []) }),
      (answer, node) => readGenerated(answer, node, attempt),
    );
    return compare(third);
  }

  function readRound2(answer: unknown, node: DistributedNode, attempt: Hex): ReadonlyMap<Hex, NodeMessage> {
    const messages = asList("messages", answer, nodes.length).map((message) => {
      const opened = openNodeMessage(message, { type: "round2", key: keyId, attempt, from: node.identity });
      return [asHex("to", asFields("round2", opened.body)["to"], 32), opened.message] as const;
    });
    const byNode = new Map(messages);
    const missing = nodes.some(({ identity }) => identity !== node.identity && !byNode.has(identity));
    if (missing) throw new MalformedMessageError("a node sends nothing to another one");
    return byNode;
  }

  function readGenerated(answer: unknown, node: DistributedNode, attempt: Hex) {
    const opened = openNodeMessage(answer, { type: "generated", key: keyId, attempt, from: node.identity });
    return { message: opened.message, ...parseGenerated(opened.body, threshold) };
  }

  /** All nodes must have heard and computed the same; those who differ from the most are named. */
  function compare(
    answers: readonly { readonly node: DistributedNode; readonly value: Omit<GeneratedAnswer, "attempt"> }[],
  ): GeneratedKey {
    const texts = answers.map(({ value }) => `${value.transcript} ${value.commitments.join()}`);
    const count = (text: string) => texts.filter((other) => other === text).length;
    const common = [...texts].sort((a, b) => count(b) - count(a))[0] ?? "";
    const failures = answers.flatMap(({ node }, index): NodeFailure[] =>
      texts[index] === common
        ? []
        : [{ node, kind: "lied", code: undefined, reason: "It has another key than the others." }],
    );
    if (failures.length > 0) throw new KeyGenerationFailedError({ step: "round3", failures });
    const commitments = answers[0]?.value.commitments ?? [];
    if (!isKeySupported(commitments[0] ?? "0x"))
      // One in 2^128: so seldom that to ask the owner for another consent will do.
      throw new KeyGenerationFailedError({ step: "round3", failures: [] });
    return { commitments, messages: answers.map(({ value }) => value.message) };
  }

  /** Asks all nodes, and goes on only if all of them answer. */
  async function askAll<value>(
    step: "round1" | "round2" | "round3" | "activate",
    asked: readonly DistributedNode[],
    bodyFor: (node: DistributedNode) => unknown,
    read: (answer: unknown, node: DistributedNode) => value,
  ) {
    const answers = await Promise.all(
      asked.map((node) => client.ask(node, step, bodyFor(node), (answer) => read(answer, node))),
    );
    const { values, failures } = sortAnswers(answers);
    if (failures.length > 0) throw new KeyGenerationFailedError({ step, failures });
    return values;
  }
}

type GeneratedAnswer = {
  readonly message: NodeMessage;
  readonly transcript: Hex;
  readonly commitments: readonly Hex[];
  readonly attempt: Hex;
};

type GeneratedKey = { readonly commitments: readonly Hex[]; readonly messages: readonly NodeMessage[] };

function readNothing(): void {}

const turns = new Map<Hex, Promise<unknown>>();

/** Generates a key once if it is asked for several times at once: attempts beside each other would be in each other's way. */
function inTurn<value>(keyId: Hex, action: () => Promise<value>): Promise<value> {
  const done = (turns.get(keyId) ?? Promise.resolve()).then(action, action);
  turns.set(keyId, done);
  const forget = () => {
    if (turns.get(keyId) === done) turns.delete(keyId);
  };
  done.then(forget, forget);
  return done;
}
