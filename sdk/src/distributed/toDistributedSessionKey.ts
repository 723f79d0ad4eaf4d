import { bytesToHex, concat, type Hex } from "viem";
import { type ContractOverrides, getContract } from "../addresses.js";
import { InvalidParameterError } from "../errors/input.js";
import type { OperationToSign, SessionKey } from "../keys/sessionKey.js";
import { checkParameters, parseNumber } from "../utils/validate.js";
import type { AuthorizationKey } from "./authorizationKey.js";
import { type DistributedNode, getDistributedKeyId, type SignedDistributedConsent } from "./consent.js";
import {
  DistributedSigningNotSupportedError,
  type NodeFailure,
  NodesMismatchError,
  NotEnoughNodesError,
} from "./errors.js";
import {
  aggregate,
  type DistributedPublicKey,
  isShareValid,
  type NodeCommitment,
  openCommitment,
  toFrostPublic,
} from "./frost.js";
import { asFields, asHex, MalformedMessageError, openNodeMessage } from "./messages.js";
import {
  type DistributedProgress,
  type NodeAnswer,
  NodeClient,
  type NodeClientParameters,
  sortAnswers,
} from "./nodeClient.js";
import { toWireOperation } from "./wire.js";

/** A {@link SessionKey} that no one holds: a threshold of nodes sign together. */
export type DistributedSessionKey = SessionKey & {
  readonly type: "frost";
  /** The id under which the nodes keep it. */
  readonly keyId: Hex;
  /** What everybody may know of it. Keep it to take up the key again without asking nodes. */
  readonly publicKey: DistributedPublicKey;
};

export type DistributedConnectionParameters = {
  /** The nodes, in any order: those of the consent. */
  nodes: readonly DistributedNode[];
  /** The owner's consent, from {@link signDistributedConsent}. */
  consent: SignedDistributedConsent;
  /** Signs the requests to nodes: the one that the consent names. */
  authorizationKey: Pick<AuthorizationKey, "authorizationKey" | "sign">;
  /** How long a node may take for an answer, in milliseconds, before it counts as dead; 10,000 if left out. */
  timeout?: number | undefined;
  /** Told what each node is asked, and what comes of it. */
  onProgress?: ((progress: DistributedProgress) => void) | undefined;
  /** Contracts to use in place of the known ones. */
  contracts?: ContractOverrides | undefined;
};

export type ToDistributedSessionKeyParameters = DistributedConnectionParameters & {
  /** What {@link createDistributedSessionKey} returned as `publicKey`. */
  publicKey: DistributedPublicKey;
};

export const connectionNames = ["nodes", "consent", "authorizationKey", "timeout", "onProgress", "contracts"] as const;

/** A signature that is one in form: R is the curve's generator. */
const stubSignature: Hex = concat([
  "0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
  "0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
  "0x7aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
]);

/**
 * Takes up a key that nodes hold together again, from what is known of it: no node is asked.
 *
 * It signs as {@link createDistributedSessionKey} says.
 *
 * @param parameters {@link ToDistributedSessionKeyParameters}
 * @returns The key. {@link DistributedSessionKey}
 * @throws NodesMismatchError, InvalidParameterError if the public key is of other nodes, UnknownParameterError
 *
 * @example
 * import { toDistributedSessionKey, type ToDistributedSessionKeyParameters } from "latchkey/distributed";
 *
 * const resume = (stored: ToDistributedSessionKeyParameters) => toDistributedSessionKey(stored);
 */
export function toDistributedSessionKey(parameters: ToDistributedSessionKeyParameters): DistributedSessionKey {
  checkParameters("toDistributedSessionKey's argument", parameters, [...connectionNames, "publicKey"]);
  const { publicKey, contracts } = parameters;
  const { nodes, client, keyId } = connect(parameters);
  const { consent } = parameters.consent;
  if (publicKey.nodes.join() !== consent.nodes.join() || publicKey.threshold !== consent.threshold)
    throw new InvalidParameterError({ parameter: "publicKey", expected: "the public key of the consent's nodes" });
  const frostPublic = toFrostPublic(publicKey);
  const group = bytesToHex(frostPublic.commitments[0] ?? new Uint8Array());
  const { threshold } = publicKey;

  return Object.freeze({
    type: "frost",
    keyId,
    publicKey,
    sessionKey: toSessionKeyBytes(group, contracts),
    stubSignature,
    sign: async (digest: Hex, _typedData: unknown, operation?: OperationToSign) => {
      if (operation === undefined) throw new DistributedSigningNotSupportedError();
      return sign(digest, operation);
    },
  });

  /** Signs with the nodes that answer first; when one of them fails, again without it, as long as there are enough. */
  async function sign(digest: Hex, operation: OperationToSign): Promise<Hex> {
    const failures: NodeFailure[] = [];
    const shown = toWireOperation(operation);
    for (;;) {
      const left = nodes.filter((node) => !failures.some((failure) => failure.node === node));
      const attempt = bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
      const commitments = await collectCommitments(left, attempt, failures);
      const messages = commitments.map(({ message }) => message);
      const opened = commitments.map(({ commitment }) => commitment);
      const answers = await Promise.all(
        commitments.map(({ node }) =>
          client.ask(node, "sign", { attempt, digest, commitments: messages, operation: shown }, (answer) =>
            readShare({ answer, node, attempt, digest, commitments: opened }),
          ),
        ),
      );
      const { values, failures: failed } = sortAnswers(answers);
      if (failed.length === 0) {
        const shares = new Map(values.map(({ node, value }) => [node.identity, value]));
        return aggregate({ frostPublic, nodes: publicKey.nodes, commitments: opened, digest, shares });
      }
      failures.push(...failed);
    }
  }

  /** Commitments of the first nodes that answer, as many as it takes. */
  async function collectCommitments(left: readonly DistributedNode[], attempt: Hex, failures: NodeFailure[]) {
    if (left.length < threshold) throw new NotEnoughNodesError({ threshold, available: left.length, failures });
    const asked = left.map((node) =>
      client.ask(node, "commit", { attempt }, (message) => ({
        node,
        message,
        commitment: openCommitment(message, { key: keyId, attempt, from: node.identity }),
      })),
    );
    const { values, failures: failed } = await takeFirst(asked, threshold);
    failures.push(...failed);
    if (values.length < threshold) throw new NotEnoughNodesError({ threshold, available: values.length, failures });
    return values.map(({ value }) => value);
  }

  function readShare({
    answer,
    node,
    attempt,
    digest,
    commitments,
  }: {
    answer: unknown;
    node: DistributedNode;
    attempt: Hex;
    digest: Hex;
    commitments: readonly NodeCommitment[];
  }): Hex {
    const { body } = openNodeMessage(answer, { type: "share", key: keyId, attempt, from: node.identity });
    const fields = asFields("share", body);
    const share = asHex("share", fields["share"], 32);
    if (fields["digest"] !== digest) throw new MalformedMessageError("a share is of another digest");
    const right = isShareValid({
      frostPublic,
      nodes: publicKey.nodes,
      commitments,
      digest,
      node: node.identity,
      share,
    });
    if (!right) throw new MalformedMessageError("a share does not fit the node's commitments");
    return share;
  }
}

/** The first answers, as many as are wanted, and what failed until then. Fewer if there are no more. */
function takeFirst<value>(asked: readonly Promise<NodeAnswer<value>>[], wanted: number) {
  return new Promise<ReturnType<typeof sortAnswers<value>>>((resolve) => {
    const answers: NodeAnswer<value>[] = [];
    for (const one of asked)
      void one.then((answer) => {
        answers.push(answer);
        const sorted = sortAnswers(answers);
        if (sorted.values.length === wanted || answers.length === asked.length) resolve(sorted);
      });
  });
}

/** How a session names the key. */
export function toSessionKeyBytes(publicKey: Hex, contracts: ContractOverrides | undefined): Hex {
  return `0x${concat([getContract("frostVerifier", contracts), publicKey])
    .slice(2)
    .toLowerCase()}`;
}

/** Who to ask, in the consent's order, and how. */
export function connect({
  nodes,
  consent: { consent },
  authorizationKey,
  timeout = 10_000,
  onProgress,
  contracts,
}: DistributedConnectionParameters) {
  const identities = nodes.map(({ identity }) => identity.toLowerCase()).sort();
  if (identities.join() !== consent.nodes.join())
    throw new NodesMismatchError({ expected: consent.nodes, actual: nodes });
  const ordered = consent.nodes.flatMap((identity) =>
    nodes.filter((node) => node.identity.toLowerCase() === identity).map(({ url }) => ({ url, identity })),
  );
  const keyId = getDistributedKeyId(consent, contracts);
  const parameters: NodeClientParameters = {
    key: keyId,
    authorizationKey,
    timeout: parseNumber("timeout", timeout, 1, 600_000),
    onProgress,
  };
  return { nodes: ordered, keyId, client: new NodeClient(parameters) };
}
