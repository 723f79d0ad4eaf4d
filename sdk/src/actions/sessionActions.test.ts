import { createClient, custom, decodeFunctionData, encodeFunctionData, type Hex, isHex, size, zeroHash } from "viem";
import {
  createBundlerClient,
  entryPoint07Abi,
  entryPoint07Address,
  type SmartAccount,
  toSmartAccount,
} from "viem/account-abstraction";
import { mainnet } from "viem/chains";
import { describe, expect, it } from "vitest";
import {
  account,
  erc20Abi,
  contracts as known,
  parameters,
  recipient,
  session,
  sessionKey,
  stranger,
  token,
} from "../../test/fixtures.js";
import { createMockClient } from "../../test/mockClient.js";
import {
  AccountNotFoundError,
  allowErc20,
  type Call,
  CallNotAllowedError,
  createSessionKey,
  decodeExecution,
  decodeUse,
  defineSession,
  EpochMismatchError,
  encodeExecution,
  erc7579Abi,
  gasLimit,
  getBudgetId,
  getSessionAllowance,
  getSessionId,
  getSessionLane,
  InvalidSerializedSessionError,
  nativeLimit,
  SameSessionKeyError,
  SessionRevokedError,
  serializeSession,
  sessionActions,
  sessionKeyManagerAbi,
  toSessionAccount,
  UserOperationFailedError,
  usageLimit,
} from "../index.js";

const contracts = {
  ...known,
  gasLimitPolicy: "0x00000000000000000000000000000000000000a4",
  nativeLimitPolicy: "0x00000000000000000000000000000000000000a5",
  usageLimitPolicy: "0x00000000000000000000000000000000000000a6",
} as const;

/** A bundler client whose bundler takes everything, and what it was sent. */
async function setUp(state: Parameters<typeof createMockClient>[0] = {}, { success = true } = {}) {
  const { client: chain, requests } = createMockClient(state);
  const client = createClient({
    chain: mainnet,
    transport: custom({ request: chain.request as (request: never) => Promise<unknown> }),
  });
  const sent: { sender: Hex; callData: Hex; signature: Hex; nonce: Hex; paymaster?: Hex }[] = [];
  const owner: SmartAccount = await toSmartAccount({
    client,
    entryPoint: { abi: entryPoint07Abi, address: entryPoint07Address, version: "0.7" },
    getAddress: async () => account,
    getFactoryArgs: async () => ({ factory: contracts.manager, factoryData: "0x1234" }),
    encodeCalls: async (calls) => encodeExecution(calls),
    getStubSignature: async () => "0x",
    signMessage: async () => "0x",
    signTypedData: async () => "0xabcd",
    signUserOperation: async () => "0x",
  });
  const transport = custom({
    async request({ method, params }: { method: string; params: readonly (typeof sent)[number][] }) {
      if (method === "eth_sendUserOperation") {
        sent.push(...params.slice(0, 1));
        return zeroHash;
      }
      if (method === "eth_chainId") return "0x1";
      if (method === "eth_estimateUserOperationGas")
        return { preVerificationGas: "0x1", verificationGasLimit: "0x1", callGasLimit: "0x1" };
      if (method === "eth_getUserOperationReceipt")
        return {
          success,
          userOpHash: zeroHash,
          actualGasCost: "0x1",
          actualGasUsed: "0x1",
          nonce: "0x0",
          logs: [],
          receipt: { transactionHash: zeroHash, logs: [] },
        };
      throw new Error(`unexpected ${method}`);
    },
  });
  const bundler = createBundlerClient({
    account: owner,
    client,
    transport,
    pollingInterval: 1,
    userOperation: { estimateFeesPerGas: async () => ({ maxFeePerGas: 1n, maxPriorityFeePerGas: 1n }) },
  }).extend(sessionActions({ contracts }));
  /** The calls of the operation that was sent last, by function. */
  const lastCalls = (): readonly { functionName: string; args: readonly unknown[] | undefined }[] =>
    decodeExecution(sent.at(-1)?.callData ?? "0x").map(({ data = "0x" }: Call) =>
      decodeFunctionData({ abi: [...sessionKeyManagerAbi, ...erc7579Abi], data }),
    );
  return { bundler, client, requests, sent, lastCalls, owner };
}

const transfer = (amount: bigint, to: Hex = recipient) =>
  ({ to: token, abi: erc20Abi, functionName: "transfer", args: [to, amount] }) as const;
const dataOf = (amount: bigint): Hex =>
  encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [recipient, amount] });

describe("sessionActions", () => {
  it("grants, reads, revokes and ends sessions of the client's account", async () => {
    const { bundler, lastCalls } = await setUp({ epoch: 0n });
    await bundler.grantSession({ session });
    expect(lastCalls()).toEqual([{ functionName: "grantSessions", args: [[getSessionId(session)]] }]);
    await bundler.revokeSession({ session });
    expect(lastCalls()).toEqual([{ functionName: "revokeSessions", args: [[getSessionId(session)]] }]);
    await bundler.revokeSessions({ ids: [zeroHash, getSessionId(session)] });
    expect(lastCalls()).toEqual([{ functionName: "revokeSessions", args: [[zeroHash, getSessionId(session)]] }]);
    const { epoch } = await bundler.revokeAllSessions();
    expect(lastCalls()).toEqual([{ functionName: "revokeAll", args: [epoch] }]);
    await bundler.setSignedGrants({ grantPrefix: "any" });
    expect(lastCalls()).toEqual([{ functionName: "setSignedGrants", args: ["0x00"] }]);
    expect(await bundler.getEpoch()).toBe(0n);
    expect(await bundler.getEpoch({ account: stranger })).toBe(0n);
    expect(await bundler.getSignedGrants()).toBe("off");
    expect(await bundler.getSessionStatus({ session })).toMatchObject({ effective: "active" });
    expect(await bundler.getSessionAllowance({ session })).toHaveLength(1);
    expect(await bundler.inspectSession({ session })).toMatchObject({ id: getSessionId(session) });
    expect(await bundler.listSessions({ sessions: [session] })).toMatchObject([{ id: getSessionId(session) }]);
    expect(await bundler.getPublishedSessions({ fromBlock: 0n })).toEqual([]);
    expect(await bundler.signSessionGrant({ sessions: [session] })).toEqual({
      ids: [getSessionId(session)],
      signature: "0xabcd",
    });
  });

  it("says that it has no account to act for", async () => {
    const { client } = await setUp();
    const bare = createClient({ transport: custom({ request: client.request as never }) }).extend(
      sessionActions({ contracts }),
    );
    expect(() => bare.getEpoch()).toThrow(AccountNotFoundError);
    await expect(bare.revokeSession({ session })).rejects.toThrow(AccountNotFoundError);
    expect(await bare.getEpoch({ account })).toBe(0n);
  });

  it("lets the contracts be others for one call", async () => {
    const { bundler, sent } = await setUp();
    await bundler.revokeSession({ session, contracts: { manager: stranger } });
    expect(decodeExecution(sent[0]?.callData ?? "0x")[0]?.to).toBe(stranger);
  });
});

describe("installManager", () => {
  it("installs the manager with who may grant, and does nothing if it is installed", async () => {
    const { bundler, lastCalls, sent } = await setUp({ installed: false });
    await bundler.installManager({ grantPrefix: "any" });
    expect(lastCalls()).toEqual([
      { functionName: "installModule", args: [1n, expect.stringMatching(new RegExp(contracts.manager, "i")), "0x00"] },
    ]);
    expect(sent).toHaveLength(1);
    const installed = await setUp();
    expect(await installed.bundler.installManager()).toBeUndefined();
    expect(installed.sent).toEqual([]);
  });

  it("installs it again on an account that dropped it without a word", async () => {
    const { bundler, sent } = await setUp({ installed: false, initialized: true });
    await bundler.installManager();
    expect(sent).toHaveLength(1);
  });
});

describe("sendSessionCalls", () => {
  it("makes several calls in one operation of the session's key", async () => {
    const { bundler, sent } = await setUp();
    const calls = [transfer(5n), { to: token, data: dataOf(6n) }] as const;
    const { receipt, userOpHash } = await bundler.sendSessionCalls({ session, sessionKey, calls });
    expect([receipt?.success, userOpHash]).toEqual([true, zeroHash]);
    const { callData = "0x", signature = "0x" } = sent[0] ?? {};
    expect(decodeExecution(callData).map(({ data }) => data)).toEqual([dataOf(5n), dataOf(6n)]);
    expect(decodeUse({ data: signature, callCount: 2 }).claims).toEqual([0, 0]);
  });

  it("sends only, if it is not to wait", async () => {
    const { bundler } = await setUp({}, { success: false });
    const calls = [transfer(5n)];
    expect(await bundler.sendSessionCalls({ session, sessionKey, calls, wait: false })).toEqual({
      userOpHash: zeroHash,
      receipt: undefined,
    });
    await expect(bundler.sendSessionCalls({ session, sessionKey, calls })).rejects.toThrow(UserOperationFailedError);
  });

  it("takes an account made before, and the owner's", async () => {
    const { bundler, client, sent, owner, requests } = await setUp();
    const made = await toSessionAccount({ client, session, sessionKey, contracts });
    await bundler.sendSessionCalls({ account: made, calls: [transfer(1n)] });
    await bundler.sendSessionCalls({ account: made, calls: [transfer(2n)] });
    expect(requests.filter((request) => request === "accountId")).toHaveLength(1);
    await bundler.sendSessionCalls({ account: owner, session, sessionKey, calls: [transfer(3n)] });
    expect(sent.map(({ callData }) => decodeExecution(callData)[0]?.data)).toEqual([1n, 2n, 3n].map(dataOf));
  });

  it("refuses here what no action allows", async () => {
    const { bundler, sent } = await setUp();
    const calls = [transfer(5n, stranger)];
    await expect(bundler.sendSessionCalls({ session, sessionKey, calls })).rejects.toThrow(CallNotAllowedError);
    expect(sent).toEqual([]);
  });

  it("gives each session a lane, so that several act side by side", async () => {
    const { bundler, requests } = await setUp();
    const other = defineSession({ ...parameters, sessionKey: createSessionKey() });
    expect(getSessionLane({ session, accountType: "nexus" })).not.toBe(
      getSessionLane({ session: other, accountType: "nexus" }),
    );
    await bundler.sendSessionCalls({ session, sessionKey, calls: [transfer(1n)], nonceKey: "session" });
    expect(requests).toContain("getNonce");
  });
});

describe("resumeSession", () => {
  it("goes on from what was serialized, and says where the session stands", async () => {
    const { bundler, sent } = await setUp({ status: 1 });
    const resumed = await bundler.resumeSession({ session: serializeSession(session), sessionKey });
    expect(resumed).toMatchObject({ session, effective: "active", account: { address: account } });
    await bundler.sendSessionCalls({ account: resumed.account, calls: [transfer(1n)] });
    expect(sent).toHaveLength(1);
    const revoked = await setUp({ status: 2 });
    expect(await revoked.bundler.resumeSession({ session, sessionKey })).toMatchObject({ effective: "revoked" });
    await expect(bundler.resumeSession({ session: "{}", sessionKey })).rejects.toThrow(InvalidSerializedSessionError);
  });
});

describe("rotateSessionKey", () => {
  const next = createSessionKey();

  it("revokes and grants in one operation", async () => {
    const { bundler, lastCalls, sent } = await setUp();
    const rotated = await bundler.rotateSessionKey({ session, sessionKey: next });
    expect(sent).toHaveLength(1);
    expect(lastCalls()).toEqual([
      { functionName: "revokeSessions", args: [[getSessionId(session)]] },
      { functionName: "grantSessions", args: [[rotated.id]] },
    ]);
    expect(rotated.id).toBe(getSessionId(rotated.session));
    const { salt, ...rest } = rotated.session;
    expect(rest).toEqual({ ...rest, ...session, salt: undefined, sessionKey: next.sessionKey });
    expect(isHex(salt) && size(salt) === 32 && salt !== session.salt).toBe(true);
    await bundler.rotateSessionKey({ session, sessionKey: next, publish: true });
    expect(lastCalls()[1]?.functionName).toBe("grantAndPublishSessions");
  });

  it("leaves what the old key has left, or all of it once more", async () => {
    const { bundler, client } = await setUp({ spent: [18n, 3n, 1n] });
    const totals = async (used: typeof session) =>
      (await getSessionAllowance(client, { session: used, contracts })).map(({ total }) => total?.limit);
    const { session: kept } = await bundler.rotateSessionKey({ session, sessionKey: next });
    expect(await totals(kept)).toEqual([7n]);
    const { session: fresh } = await bundler.rotateSessionKey({ session, sessionKey: next, budgets: "fresh" });
    expect(await totals(fresh)).toEqual([25n]);
    const spent = await setUp({ spent: [30n, 0n, 0n] });
    expect(await totals((await spent.bundler.rotateSessionKey({ session, sessionKey: next })).session)).toEqual([0n]);
  });

  it("keeps budgets apart that come to the same, shared ones shared, and other limits as they are", async () => {
    const limited = defineSession({
      ...parameters,
      actions: [
        allowErc20({ token, total: 10n, functions: ["transfer", "approve"] }),
        allowErc20({ token: stranger, total: 20n }),
      ],
      operationPolicies: [
        gasLimit({ total: 9n }),
        nativeLimit({ total: 8n }),
        usageLimit({ total: 7n, of: "calls" }),
        usageLimit({ perPeriod: { amount: 5n, period: "day" } }),
      ],
      contracts,
    });
    const [, , tokens] = limited.actions;
    const id = getSessionId(limited);
    // 5 of 10 and 15 of 20 are spent: 5 are left of both.
    const second = tokens?.policies[0] && getBudgetId({ id, ...tokens.policies[0] });
    const { bundler } = await setUp({ spentOf: (budget) => (budget === second ? 15n : 5n) });
    const { session: rotated } = await bundler.rotateSessionKey({ session: limited, sessionKey: next });
    const configs = rotated.actions.map(({ policies }) => policies[0]?.config);
    expect(configs[0]).toBe(configs[1]);
    expect(configs[0]).not.toBe(configs[2]);
    const expected = defineSession({
      ...parameters,
      operationPolicies: [
        gasLimit({ total: 4n }),
        nativeLimit({ total: 3n }),
        usageLimit({ total: 2n, of: "calls" }),
        usageLimit({ perPeriod: { amount: 5n, period: "day" } }),
      ],
      contracts,
    });
    expect(rotated.operationPolicies).toEqual(expected.operationPolicies);
  });

  it("refuses the same key, a revoked session and one of another epoch", async () => {
    const { bundler } = await setUp();
    await expect(bundler.rotateSessionKey({ session, sessionKey })).rejects.toThrow(SameSessionKeyError);
    await expect(bundler.rotateSessionKey({ session, sessionKey })).rejects.toThrowErrorMatchingInlineSnapshot(`
      [SameSessionKeyError: The new session key is the old one.

      Session key: 0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266

      Docs: docs/errors/SameSessionKeyError.md]
    `);
    const rotate = async (state: Parameters<typeof setUp>[0]) =>
      (await setUp(state)).bundler.rotateSessionKey({ session, sessionKey: next });
    await expect(rotate({ status: 2 })).rejects.toThrow(SessionRevokedError);
    await expect(rotate({ epoch: 1n })).rejects.toThrow(EpochMismatchError);
  });
});
