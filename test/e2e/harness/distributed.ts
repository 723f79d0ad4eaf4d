import {
  allowErc20,
  defineSession,
  getSessionStatus,
  grantSession,
  type OperationToSign,
  type Session,
  type SessionKey,
  toSessionAccount,
} from "latchkey";
import {
  type AuthorizationKey,
  createAuthorizationKey,
  createDistributedSessionKey,
  type DistributedConnectionParameters,
  type DistributedNode,
  type DistributedSessionKey,
  type SignedDistributedConsent,
  signDistributedConsent,
} from "latchkey/distributed";
import { type RequestPurpose, type SignedRequest, signRequest } from "latchkey/distributed/protocol";
import { type Hex, parseEther } from "viem";
import type { UserOperationReceipt } from "viem/account-abstraction";
import { type NodeProcess, startNodes } from "./nodes.ts";
import { type Call, gas } from "./session.ts";
import type { OwnedAccount, World } from "./world.ts";

/** A key that nodes hold, in a session of an account. */
export type DistributedSession = {
  readonly account: OwnedAccount;
  readonly consent: SignedDistributedConsent;
  readonly authorizationKey: AuthorizationKey;
  readonly sessionKey: DistributedSessionKey;
  readonly session: Session;
};

/** The owner's consent to a key that nodes generate, used for a day. */
export async function consentTo(
  world: World,
  {
    account,
    nodes,
    threshold = 3,
    type = "p256",
  }: {
    account: OwnedAccount;
    nodes: readonly DistributedNode[];
    threshold?: number;
    type?: "p256" | "ed25519";
  },
): Promise<Pick<DistributedConnectionParameters, "nodes" | "consent"> & { authorizationKey: AuthorizationKey }> {
  const authorizationKey = await createAuthorizationKey({ type });
  const consent = await signDistributedConsent({
    account: account.address,
    chainId: world.info.chainId,
    nodes,
    threshold,
    authorizationKey,
    validUntil: (await world.now()) + 30 * 86_400,
    signer: account.owner,
    prefix: world.contracts.ownerValidator,
  });
  return { nodes, consent, authorizationKey };
}

/** Has nodes generate a key, and the owner grant it to move 1,000 tokens, and 1,000 wei with each transfer. */
export async function grantDistributed(
  world: World,
  {
    account,
    ...rest
  }: { account: OwnedAccount; nodes: readonly DistributedNode[]; threshold?: number; type?: "p256" | "ed25519" },
): Promise<DistributedSession> {
  const connection = await consentTo(world, { account, ...rest });
  const sessionKey = await createDistributedSessionKey({ ...connection, timeout: 20_000 });
  const session = await defineFor(world, account, sessionKey);
  await grantSession(account.bundler, { session });
  if ((await getSessionStatus(world.client, { session })).effective !== "active") throw new Error("not granted");
  return { account, session, sessionKey, ...connection };
}

/** Starts nodes, for an account that grants a session whose key they hold. */
export async function startDistributed(
  world: World,
  { count, threshold }: { count: number; threshold: number },
): Promise<{ account: OwnedAccount; nodes: readonly NodeProcess[]; granted: DistributedSession }> {
  const account = await world.createAccount();
  const nodes = await startNodes(count, world.info);
  const granted = await grantDistributed(world, { account, nodes: nodes.map(({ info }) => info), threshold });
  return { account, nodes, granted };
}

/** A session of the account with a key. */
export async function defineFor(world: World, account: OwnedAccount, sessionKey: SessionKey): Promise<Session> {
  return defineSession({
    account: account.address,
    chainId: world.info.chainId,
    sessionKey,
    validUntil: (await world.now()) + 86_400,
    fees: { maxPerOperation: parseEther("0.1"), total: "unlimited" },
    actions: [allowErc20({ token: world.contracts.token, perCall: 100n, total: 1_000n })],
  });
}

/** An operation with these calls, as nodes are asked to sign it, and its digest. */
export async function prepareOperation(
  world: World,
  { session, sessionKey }: Pick<DistributedSession, "session" | "sessionKey">,
  calls: Call[],
): Promise<{ digest: Hex; operation: OperationToSign }> {
  let prepared: { digest: Hex; operation: OperationToSign } | undefined;
  const spy: SessionKey = {
    ...sessionKey,
    sign: async (digest, _typedData, operation) => {
      if (operation) prepared = { digest, operation };
      return sessionKey.stubSignature;
    },
  };
  const account = await toSessionAccount({ client: world.client, session, sessionKey: spy, preflight: false });
  const nonce = await account.getNonce();
  const callData = await account.encodeCalls(calls.map((call) => ({ value: 0n, data: "0x", ...call })));
  await account.signUserOperation({ sender: session.account, nonce, callData, ...gas, signature: "0x" });
  if (prepared === undefined) throw new Error("nothing was to be signed");
  return prepared;
}

/** What a node answers a request that may not be in order: what it says, or the check that refuses. */
export async function askNode(
  node: DistributedNode,
  {
    key,
    authorizationKey,
    purpose,
    body,
    change = (request) => request,
  }: {
    key: Hex;
    authorizationKey: AuthorizationKey;
    purpose: RequestPurpose;
    body: unknown;
    /** Changes the request after it was signed. */
    change?: (request: SignedRequest) => unknown;
  },
): Promise<{ result?: unknown; code?: string }> {
  const request = await signRequest(authorizationKey, { node: node.identity, purpose, key, body });
  return postTo(node, purpose, JSON.stringify(change(request)));
}

/** Posts text to a node. */
export async function postTo(
  node: DistributedNode,
  path: string,
  text: string,
): Promise<{ result?: unknown; code?: string }> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${node.url}/v1/${path}`, { method: "POST", headers, body: text });
  const { result, error }: { result?: unknown; error?: { code: string } } = JSON.parse(await response.text());
  return error === undefined ? { result } : { code: error.code };
}

/** Sends calls with a distributed key through the bundler. */
export async function sendWith(
  world: World,
  { session, sessionKey }: { session: Session; sessionKey: SessionKey },
  calls: Call[],
  { preflight = true, nonceKey = 0 } = {},
): Promise<UserOperationReceipt> {
  const account = await toSessionAccount({ client: world.client, session, sessionKey, preflight, nonceKey });
  const bundler = world.bundlerFor(account);
  const hash = await bundler.sendUserOperation({ calls, ...(preflight ? {} : gas) });
  return bundler.waitForUserOperationReceipt({ hash });
}
