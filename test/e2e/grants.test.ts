import {
  allowErc20,
  createSessionKey,
  type DefineSessionParameters,
  decodeSessionError,
  defineSession,
  GrantNotSignedError,
  GrantPrefixMismatchError,
  getInstallData,
  getPublishedSessions,
  getSessionId,
  getSessionStatus,
  getSessionTree,
  getSignedGrants,
  grantSession,
  RootNotGrantedError,
  RootRevokedError,
  revokeSession,
  type Session,
  type SessionKey,
  SessionNotGrantedError,
  SessionRevokedError,
  SignedGrantsOffError,
  sessionKeyManagerAbi,
  setSignedGrants,
  signSessionGrant,
  type ToSessionAccountParameters,
  toSessionAccount,
} from "latchkey";
import { createPublicClient, encodeFunctionData, type Hex, http, parseEther, zeroHash } from "viem";
import { entryPoint07Abi, toPackedUserOperation, type UserOperation } from "viem/account-abstraction";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { beforeAll, describe, expect, it } from "vitest";
import { describeNexus, kindsOfAccounts } from "./harness/accounts.ts";
import { gas, rejection, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

const shop = someone(1);

let world: World;
/** A Nexus account whose owner may grant by signature. */
let account: OwnedAccount;
let prefix: Hex;

beforeAll(async () => {
  world = connect();
  prefix = world.contracts.ownerValidator;
  account = await world.createAccount();
  const { session } = await define();
  await grantSession(account.bundler, { session, grantPrefix: prefix });
});

async function define(
  parameters: Partial<DefineSessionParameters> = {},
): Promise<{ session: Session; sessionKey: SessionKey }> {
  const sessionKey = createSessionKey();
  const session = defineSession({
    account: account.address,
    chainId: world.info.chainId,
    sessionKey,
    validUntil: (await world.now()) + 3_600,
    fees: { maxPerOperation: parseEther("0.1"), total: "unlimited" },
    actions: [allowErc20({ token: world.contracts.token, total: 100n })],
    ...parameters,
  });
  return { session, sessionKey };
}

const send = (amount: bigint) => tokenCall.transfer(world.contracts.token, shop, amount);

type Key = Omit<ToSessionAccountParameters, "client" | "account">;

async function use(key: Key, ...amounts: bigint[]): Promise<boolean> {
  const bundler = world.bundlerFor(await toSessionAccount({ client: world.client, ...key }));
  const hash = await bundler.sendUserOperation({ calls: amounts.map(send) });
  return (await bundler.waitForUserOperationReceipt({ hash })).success;
}

/** Why the bundler refuses a transfer of one unit. */
async function refusal(key: Key): Promise<unknown> {
  const bundler = world.bundlerFor(await toSessionAccount({ client: world.client, ...key }));
  return decodeSessionError(await rejection(bundler.sendUserOperation({ calls: [send(1n)], ...gas })));
}

async function statusOf(session: Session): Promise<string> {
  return (await getSessionStatus(world.client, { session })).status;
}

/** What an owner's key signs for a Nexus account, whose ERC-1271 wants the validator's address before it. */
const signWith = (owner: OwnedAccount["owner"], ...sessions: Session[]) =>
  signSessionGrant({ sessions, signer: owner, prefix });

describe("a Merkle root", () => {
  it("grants 1,000 sessions in one slot, each used by its proof and revocable by itself", async () => {
    const keys = Array.from({ length: 1_000 }, () => createSessionKey());
    const { session: template } = await define();
    const sessions = keys.map(({ sessionKey }) => ({ ...template, sessionKey }));
    const tree = getSessionTree(sessions);
    await grantSession(account.bundler, { sessions, asRoot: true });

    const at = (index: number) => {
      const [session, sessionKey] = [sessions[index], keys[index]];
      if (!session || !sessionKey) throw new Error(`there is no session ${index}`);
      return { session, sessionKey, proof: tree.getProof(session) };
    };
    for (const index of [0, 517, 999]) {
      expect(at(index).proof.length).toBeGreaterThan(5);
      expect(await use(at(index), 1n)).toBe(true);
      expect(await statusOf(at(index).session)).toBe("none");
    }

    await revokeSession(account.bundler, { session: at(517).session });
    expect(await refusal(at(517))).toBeInstanceOf(SessionRevokedError);
    expect(await use(at(518), 1n)).toBe(true);

    const { session, sessionKey } = at(0);
    expect(await refusal({ session, sessionKey })).toBeInstanceOf(SessionNotGrantedError);
    expect(await refusal({ ...at(0), proof: at(999).proof })).toBeInstanceOf(RootNotGrantedError);

    await revokeSession(account.bundler, { ids: [tree.root] });
    expect(await refusal(at(999))).toBeInstanceOf(RootRevokedError);
  });
});

describe("a grant by the owner's signature", () => {
  it("serves each session of a bundle once, and publishes it if it is to", async () => {
    const [first, second] = [await define(), await define()];
    const grant = await signWith(account.owner, first.session, second.session);
    const fromBlock = await world.client.getBlockNumber();
    expect(await use({ ...first, grant }, 1n, 2n)).toBe(true);
    expect(await use({ ...second, grant, publish: true }, 1n)).toBe(true);
    expect(await use({ ...second, grant, publish: true }, 1n)).toBe(true);
    const published = await getPublishedSessions(world.client, { account: account.address, fromBlock });
    expect(published.map(({ session }) => session)).toEqual([second.session]);
  });

  it("is refused from anybody else, for other sessions, without the prefix and after the revocation", async () => {
    const { session, sessionKey } = await define();
    const stranger = await signWith(privateKeyToAccount(generatePrivateKey()), session);
    expect(await refusal({ session, sessionKey, grant: stranger })).toBeInstanceOf(GrantNotSignedError);

    const { session: other } = await define();
    const moved = { ...(await signWith(account.owner, other)), ids: [getSessionId(session)] };
    expect(await refusal({ session, sessionKey, grant: moved })).toBeInstanceOf(GrantNotSignedError);

    const grant = await signWith(account.owner, session);
    const bare = { ...grant, signature: await account.owner.signTypedData(typedDataOfNothing) };
    expect(await refusal({ session, sessionKey, grant: bare })).toBeInstanceOf(GrantPrefixMismatchError);

    await revokeSession(account.bundler, { session });
    expect(await refusal({ session, sessionKey, grant })).toBeInstanceOf(SessionRevokedError);
  });

  it("is refused when the owner has switched such grants off", async () => {
    const { session, sessionKey } = await define();
    const grant = await signWith(account.owner, session);
    await setSignedGrants(account.bundler, { grantPrefix: "off" });
    expect(await refusal({ session, sessionKey, grant })).toBeInstanceOf(SignedGrantsOffError);
    await setSignedGrants(account.bundler, { grantPrefix: prefix });
    expect(await getSignedGrants(world.client, { account: account.address })).toBe(prefix.toLowerCase());
    expect(await use({ session, sessionKey, grant }, 1n)).toBe(true);
  });
});

const typedDataOfNothing = {
  types: { Nothing: [{ name: "nothing", type: "bytes32" }] },
  primaryType: "Nothing",
  message: { nothing: zeroHash },
} as const;

describe("a published session", () => {
  it("is read back with nothing but an RPC, with what became of it", async () => {
    const fromBlock = await world.client.getBlockNumber();
    const [first, second] = [(await define()).session, (await define()).session];
    await grantSession(account.bundler, { sessions: [first, second], publish: true });
    await revokeSession(account.bundler, { session: first });
    const rpc = createPublicClient({ transport: http(world.info.rpcUrl) });
    const found = await getPublishedSessions(rpc, { account: account.address, fromBlock });
    expect(found).toMatchObject([
      { session: first, id: getSessionId(first), effective: "revoked" },
      { session: second, id: getSessionId(second), effective: "active" },
    ]);
  });

  it("cannot be one of another account", async () => {
    const { session } = await define({ account: someone(3) });
    const data = encodeFunctionData({
      abi: sessionKeyManagerAbi,
      functionName: "grantAndPublishSessions",
      args: [[session]],
    });
    const to = world.contracts.sessionKeyManager;
    const error = await rejection(world.client.call({ account: account.address, to, data }));
    expect(decodeSessionError(error)).toMatchObject({ name: "SessionOfAnotherAccountError", account: someone(3) });
  });
});

describe("the operation that installs the manager", () => {
  const canEnable = kindsOfAccounts.filter(({ accountType }) => accountType === "nexus" || accountType === "kernel");

  it.each(canEnable)("grants a session and acts as well, on $name", async (kind) => {
    const created = await kind.create(world);
    const { session, sessionKey } = await define({ account: created.address });
    const smartAccount = await toSessionAccount({
      client: world.client,
      session,
      sessionKey,
      entryPointVersion: kind.entryPointVersion,
      grant: await signSessionGrant({ sessions: [session], signer: created.smartAccount }),
      enable: { signer: created.owner, validator: prefix, grantPrefix: kind.grantPrefix(world) },
    });
    const bundler = world.bundlerFor(smartAccount);
    const before = await world.balanceOf(world.contracts.token, shop);
    const hash = await bundler.sendUserOperation({ calls: [send(3n)], ...gas, verificationGasLimit: 1_500_000n });
    expect((await bundler.waitForUserOperationReceipt({ hash })).success).toBe(true);
    expect(await world.balanceOf(world.contracts.token, shop)).toBe(before + 3n);
    expect(await statusOf(session)).toBe("granted");
    // Installed now, so that the next one is an ordinary operation.
    const next = await bundler.sendUserOperation({ calls: [send(4n)] });
    expect((await bundler.waitForUserOperationReceipt({ hash: next })).success).toBe(true);
  });

  it("is estimated by the bundler on Kernel, whose owner does not sign the operation itself", async () => {
    const kernel = kindsOfAccounts.find(({ accountType }) => accountType === "kernel");
    if (!kernel) throw new Error("there is no Kernel");
    const created = await kernel.create(world);
    const { session, sessionKey } = await define({ account: created.address });
    const smartAccount = await toSessionAccount({
      client: world.client,
      session,
      sessionKey,
      grant: await signSessionGrant({ sessions: [session], signer: created.smartAccount }),
      enable: { signer: created.owner, grantPrefix: "0x00" },
    });
    const bundler = world.bundlerFor(smartAccount);
    const hash = await bundler.sendUserOperation({ calls: [send(3n)] });
    expect((await bundler.waitForUserOperationReceipt({ hash })).success).toBe(true);
  });

  it("may also deploy the account, through handleOps: the bundler cannot trace its creation on Anvil", async () => {
    const owner = privateKeyToAccount(generatePrivateKey());
    const installData = getInstallData({ grantPrefix: prefix });
    const manager = world.contracts.sessionKeyManager;
    const { address, factory, factoryData } = await describeNexus(world, {
      owner: owner.address,
      manager,
      installData,
    });
    await world.funder.setBalance({ address, value: parseEther("1") });
    await world.mint(world.contracts.token, address, 10n);
    const { session, sessionKey } = await define({ account: address });
    const smartAccount = await toSessionAccount({
      client: world.client,
      session,
      sessionKey,
      accountType: "nexus",
      grant: await signWith(owner, session),
      publish: true,
    });
    const unsigned = {
      sender: address,
      nonce: await smartAccount.getNonce(),
      factory,
      factoryData,
      callData: await smartAccount.encodeCalls([send(7n)]),
      ...gas,
      verificationGasLimit: 2_000_000n,
    };
    const userOperation: UserOperation<"0.7"> = {
      ...unsigned,
      signature: await smartAccount.signUserOperation({ ...unsigned, signature: "0x" }),
    };
    const { funder, client, contracts } = world;
    const hash = await funder.writeContract({
      address: contracts.entryPoint,
      abi: entryPoint07Abi,
      functionName: "handleOps",
      args: [[toPackedUserOperation(userOperation)], funder.account.address],
      gas: 5_000_000n,
    });
    const { status, blockNumber } = await client.waitForTransactionReceipt({ hash });
    expect(status).toBe("success");
    expect(await world.balanceOf(contracts.token, address)).toBe(3n);
    const [published] = await getPublishedSessions(client, { account: address, fromBlock: blockNumber });
    expect(published).toMatchObject({ session, effective: "active" });
  });
});
