import {
  concat,
  custom,
  encodeFunctionData,
  type Hex,
  pad,
  recoverTypedDataAddress,
  size,
  slice,
  zeroAddress,
  zeroHash,
} from "viem";
import {
  createBundlerClient,
  entryPoint07Address,
  getUserOperationHash,
  type UserOperation,
} from "viem/account-abstraction";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  account,
  contracts,
  erc20Abi,
  parameters,
  privateKey,
  recipient,
  session,
  sessionKey,
  stranger,
  token,
} from "../../test/fixtures.js";
import { createMockClient, createOwner } from "../../test/mockClient.js";
import {
  AccountMismatchError,
  AccountTypeUnknownError,
  allowErc20,
  CallNotAllowedError,
  ChainMismatchError,
  createSessionKey,
  decodeUse,
  defineSession,
  EnableModeNotSupportedError,
  EntryPointNotSupportedError,
  encodeSession,
  gasLimit,
  getNonceKey,
  getSessionId,
  getSessionLane,
  getSessionTree,
  NonCanonicalExecutionError,
  OpCostExceededError,
  PaymasterNotAllowedError,
  PeriodBoundaryError,
  type Session,
  SessionExpiredError,
  type SessionKey,
  SessionKeyMismatchError,
  SessionNotInGrantError,
  SessionNotStartedError,
  SigningNotSupportedError,
  type ToSessionAccountParameters,
  toSessionAccount,
  usageLimit,
} from "../index.js";
import { getUseTypedData } from "../use/encodeUse.js";

const transport = custom({ request: () => Promise.reject(new Error("nothing is sent")) });
const transfer = (to: Hex, amount: bigint): Hex =>
  encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [to, amount] });
const call = { to: token, data: transfer(recipient, 5n) } as const;
const day = 86_400;
const noon = 20 * day + day / 2;
const daily = defineSession({
  ...parameters,
  actions: [allowErc20({ token, perPeriod: { amount: 20n, period: "day" } })],
});

async function setUp(
  options: Partial<Omit<ToSessionAccountParameters, "account" | "client">> & {
    now?: () => number;
    chain?: Parameters<typeof createMockClient>[0];
  } = {},
  used: Session = session,
) {
  const { now, chain = {}, ...rest } = options;
  const { client, requests } = createMockClient({ ...chain, ...(now ? { now } : {}) });
  const owner = await createOwner(client);
  const type = chain.accountId === undefined ? ({ accountType: "nexus" } as const) : {};
  const made = await toSessionAccount({ account: owner, session: used, sessionKey, contracts, ...type, ...rest });
  const prepare = async (calls = [call as { to: Hex; data: Hex }]): Promise<UserOperation<"0.7">> => {
    const callData = await made.encodeCalls(calls);
    const nonce = await made.getNonce();
    return {
      sender: made.address,
      nonce,
      callData,
      callGasLimit: 1n,
      verificationGasLimit: 2n,
      preVerificationGas: 3n,
      maxFeePerGas: 4n,
      maxPriorityFeePerGas: 1n,
      signature: await made.getStubSignature({ callData, nonce }),
    };
  };
  return { made, requests, prepare };
}

/** The key of the nonce that the EntryPoint is asked for. */
async function getKey(made: Awaited<ReturnType<typeof toSessionAccount>>): Promise<bigint | undefined> {
  let key: bigint | undefined;
  const { request } = made.client;
  made.client.request = (async (parameters: { method: string; params: readonly { data: Hex }[] }) => {
    const { data = "0x" } = parameters.method === "eth_call" ? (parameters.params[0] ?? {}) : {};
    if (data.startsWith("0x35567e1a")) key = BigInt(slice(data, 36));
    return request(parameters as Parameters<typeof request>[0]);
  }) as typeof request;
  await made.getNonce();
  return key;
}

afterEach(() => {
  vi.useRealTimers();
});

describe("toSessionAccount", () => {
  it("has the address of the account and knows its session", async () => {
    const { made } = await setUp();
    expect(made).toMatchObject({ address: account, session, sessionId: getSessionId(session), type: "smart" });
  });

  it("names the manager and a constant lane in the nonce's key", async () => {
    const { made, requests } = await setUp({ nonceKey: 3 });
    expect(await made.getNonce()).toBe(5n);
    expect(requests).toEqual(["eth_getBlockByNumber", "getNonce"]);
  });

  it("signs an operation with the session's key", async () => {
    const { made, prepare } = await setUp();
    const operation = await prepare();
    const signature = await made.signUserOperation(operation);
    const decoded = decodeUse({ data: signature, callCount: 1 });
    expect(decoded.claims).toEqual([0]);
    expect(size(decoded.signature)).toBe(65);
    const userOpHash = getUserOperationHash({
      chainId: 1,
      entryPointAddress: entryPoint07Address,
      entryPointVersion: "0.7",
      userOperation: operation,
    });
    const typedData = getUseTypedData({
      userOpHash,
      id: getSessionId(session),
      use: decoded.use,
      manager: contracts.manager,
    });
    const signer = await recoverTypedDataAddress({ ...typedData, signature: decoded.signature });
    expect(signer.toLowerCase()).toBe(session.sessionKey);
  });

  it("estimates with the very bytes it signs, but for the key's signature", async () => {
    const { made, prepare } = await setUp({ now: () => noon }, daily);
    const operation = await prepare();
    const signature = await made.signUserOperation(operation);
    expect(signature.slice(0, -130)).toBe(operation.signature.slice(0, -130));
    expect(size(signature)).toBe(size(operation.signature));
    expect(decodeUse({ data: signature, callCount: 1 }).claimedTime).toBe(noon);
  });

  it("adds one request to an operation at most", async () => {
    const { made, prepare, requests } = await setUp({ now: () => noon }, daily);
    await made.signUserOperation(await prepare());
    expect(requests.sort()).toEqual(["eth_getBlockByNumber", "getNonce"]);
  });

  it("gives a session a lane of its own if asked to, and takes any that is named", async () => {
    const lane = getSessionLane({ session, accountType: "nexus" });
    const keyOf = (used: number) => getNonceKey({ accountType: "nexus", validator: contracts.manager, lane: used });
    expect(await getKey((await setUp({ nonceKey: "session" })).made)).toBe(keyOf(lane));
    expect(await getKey((await setUp({ nonceKey: 9 })).made)).toBe(keyOf(9));
    expect(await getKey((await setUp()).made)).toBe(keyOf(0));
  });

  it("does not take a time that was asked for long ago", async () => {
    vi.useFakeTimers();
    let now = noon;
    const { made } = await setUp({ now: () => now }, daily);
    const callData = await made.encodeCalls([call]);
    const claim = async (nonce: bigint) => {
      const signature = await made.getStubSignature({ callData, nonce });
      return decodeUse({ data: signature, callCount: 1 }).claimedTime;
    };
    await made.getNonce();
    now = noon + 1;
    expect(await claim(1n)).toBe(noon);
    expect(await claim(2n)).toBe(noon + 1);
    await made.getNonce();
    now = noon + 100;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await claim(3n)).toBe(noon + 100);
  });

  it("states the time for limits on operations as a whole too, and waits for them", async () => {
    const perPeriod = { amount: 20n, period: "day" } as const;
    const limited = defineSession({
      ...parameters,
      operationPolicies: [usageLimit({ total: 5n }), gasLimit({ perPeriod })],
    });
    const { made, prepare } = await setUp({ now: () => noon }, limited);
    const decoded = decodeUse({ data: await made.signUserOperation(await prepare()), callCount: 1 });
    expect(decoded.claimedTime).toBe(noon);
    expect(decoded.operationPolicies).toHaveLength(2);
    const late = await setUp({ now: () => 21 * day - 1, waitAtBoundary: false }, limited);
    await expect(late.prepare()).rejects.toThrow(PeriodBoundaryError);
  });

  it("states no time without a limit per period, and asks for none without a window", async () => {
    const { made, prepare, requests } = await setUp({}, defineSession({ ...parameters, validUntil: "never" }));
    const signature = await made.signUserOperation(await prepare());
    expect(decodeUse({ data: signature, callCount: 1 }).claimedTime).toBe(0);
    expect(requests).toEqual(["getNonce"]);
  });

  it("refuses a call that the session does not allow before anything is sent", async () => {
    const { prepare } = await setUp();
    await expect(prepare([{ to: token, data: transfer(stranger, 1n) }])).rejects.toThrow(CallNotAllowedError);
  });

  it("says that a client's suffix has no place behind the calls", async () => {
    const { made } = await setUp();
    const bundler = createBundlerClient({ account: made, client: made.client, transport, dataSuffix: "0x074ab1e5" });
    const operation = { calls: [call], nonce: 0n, parameters: ["signature"] } as const;
    await expect(bundler.prepareUserOperation(operation)).rejects.toThrow(NonCanonicalExecutionError);
    await expect(bundler.prepareUserOperation(operation)).rejects.toMatchObject({ surplus: "0x074ab1e5" });
    const plain = createBundlerClient({ account: made, client: made.client, transport });
    await expect(plain.prepareUserOperation(operation)).resolves.toMatchObject({ sender: account });
  });

  it("does without the owner's account", async () => {
    const { client } = createMockClient();
    const made = await toSessionAccount({ client, session, sessionKey, contracts });
    expect(made.address).toBe(account);
    expect(made.entryPoint.address).toBe(entryPoint07Address);
    expect(await made.getFactoryArgs()).toEqual({ factory: undefined, factoryData: undefined });
  });

  it("refuses before the start and after the end", async () => {
    const window = defineSession({ ...parameters, validAfter: 1_000, validUntil: 2_000 });
    await expect((await setUp({ now: () => 999 }, window)).prepare()).rejects.toThrow(SessionNotStartedError);
    await expect((await setUp({ now: () => 1_000 }, window)).prepare()).resolves.toBeDefined();
    await expect((await setUp({ now: () => 2_000 }, window)).prepare()).resolves.toBeDefined();
    await expect((await setUp({ now: () => 2_001 }, window)).prepare()).rejects.toThrow(SessionExpiredError);
  });

  it("refuses what costs too much, and paymasters", async () => {
    const { made, prepare } = await setUp();
    const operation = await prepare();
    await expect(made.signUserOperation({ ...operation, maxFeePerGas: 10n ** 18n })).rejects.toThrow(
      OpCostExceededError,
    );
    await expect(made.signUserOperation({ ...operation, paymaster: stranger })).rejects.toThrow(
      PaymasterNotAllowedError,
    );
  });

  it("counts a paymaster's gas only where there is a paymaster, as the chain does", async () => {
    const fees = { ...parameters.fees, paymaster: "any" } as const;
    const { made, prepare } = await setUp({}, defineSession({ ...parameters, fees }));
    const operation = { ...(await prepare()), paymasterPostOpGasLimit: 10n ** 18n };
    await expect(made.signUserOperation(operation)).resolves.toMatch(/^0x/);
    await expect(made.signUserOperation({ ...operation, paymaster: stranger })).rejects.toThrow(OpCostExceededError);
  });

  it("refuses to do without the paymaster that the session names", async () => {
    const sponsored = defineSession({ ...parameters, fees: { ...parameters.fees, paymaster: stranger } });
    const { made, prepare } = await setUp({}, sponsored);
    const operation = await prepare();
    await expect(made.signUserOperation(operation)).rejects.toThrow(
      new PaymasterNotAllowedError({ id: getSessionId(sponsored), expected: stranger, actual: zeroAddress }),
    );
    await expect(made.signUserOperation({ ...operation, paymaster: stranger })).resolves.toBeDefined();
  });

  it("leaves all of that to the chain without a preflight", async () => {
    const window = defineSession({ ...parameters, validUntil: 2_000 });
    const { made, prepare, requests } = await setUp(
      { preflight: false, sessionKey: createSessionKey(), now: () => 3_000 },
      window,
    );
    const operation = await prepare([{ to: token, data: transfer(stranger, 1n) }]);
    const signature = await made.signUserOperation({ ...operation, maxFeePerGas: 10n ** 18n, paymaster: stranger });
    expect(decodeUse({ data: signature, callCount: 1 }).claims).toEqual([0]);
    expect(requests).toEqual(["getNonce"]);
  });

  it.each([
    ["32 seconds before the end of a period", 21 * day - 32, 21 * day + 6],
    ["at the start of a period", 21 * day, 21 * day + 6],
    ["5 seconds after it", 21 * day + 5, 21 * day + 6],
  ])("says when to try again %s", async (_, now, retryAt) => {
    const { prepare } = await setUp({ now: () => now, waitAtBoundary: false }, daily);
    await expect(prepare()).rejects.toMatchObject({ name: "PeriodBoundaryError", retryAt, now });
    await expect(prepare()).rejects.toThrow(PeriodBoundaryError);
  });

  it("goes ahead well away from a period's end", async () => {
    for (const now of [21 * day - 33, 21 * day + 6])
      await expect((await setUp({ now: () => now, waitAtBoundary: false }, daily)).prepare()).resolves.toBeDefined();
  });

  it("waits for the next period, on a chain without new blocks too", async () => {
    vi.useFakeTimers();
    const { made, prepare } = await setUp({ now: () => 21 * day - 10 }, daily);
    const prepared = prepare();
    await vi.advanceTimersByTimeAsync(17_000);
    const signature = await made.signUserOperation(await prepared);
    expect(decodeUse({ data: signature, callCount: 1 }).claimedTime).toBe(21 * day + 6);
  });

  it("refuses another account, chain or key", async () => {
    await expect(setUp({}, { ...session, account: stranger })).rejects.toThrow(AccountMismatchError);
    await expect(setUp({}, { ...session, chainId: 5n })).rejects.toThrow(ChainMismatchError);
    await expect(setUp({ sessionKey: createSessionKey() })).rejects.toThrow(SessionKeyMismatchError);
  });

  it("asks the account once of what kind it is", async () => {
    const { made, requests } = await setUp({ chain: { accountId: "kernel.advanced.v0.3.1" } });
    await made.getNonce();
    await made.getNonce();
    expect(requests.filter((request) => request !== "eth_getBlockByNumber")).toEqual([
      "accountId",
      "getNonce",
      "getNonce",
    ]);
    await expect((await setUp({ chain: { accountId: "acme.1" } })).made.getNonce()).rejects.toThrow(
      AccountTypeUnknownError,
    );
  });

  it("shows a Merkle proof in every operation", async () => {
    const tree = getSessionTree([session, zeroHash]);
    const { made, prepare } = await setUp({ proof: tree.getProof(session) });
    const signature = await made.signUserOperation(await prepare());
    expect(decodeUse({ data: signature, callCount: 1 }).proof).toEqual([zeroHash]);
  });

  it("shows the owner's grant until the session is granted", async () => {
    const grant = { ids: [zeroHash, getSessionId(session)], signature: "0x1234" } as const;
    const decode = async (status: number) => {
      const { made, prepare } = await setUp({ grant, publish: true, chain: { status } });
      const operation = await prepare();
      const signature = await made.signUserOperation(operation);
      expect(size(signature)).toBe(size(operation.signature));
      return decodeUse({ data: signature, callCount: 1 });
    };
    expect(await decode(0)).toMatchObject({
      grant: { index: 1, others: [zeroHash], signature: "0x1234" },
      publication: encodeSession(session),
    });
    expect(await decode(1)).toMatchObject({ grant: undefined, publication: undefined });
    await expect(setUp({ grant: { ...grant, ids: [zeroHash] } })).rejects.toThrow(SessionNotInGrantError);
  });

  it("signs with any kind of key", async () => {
    const key: SessionKey = {
      type: "test",
      sessionKey: concat([stranger, "0x1234"]),
      sign: async (digest) => concat(["0x01", digest]),
      stubSignature: concat(["0x02", zeroHash]),
    };
    const used = defineSession({ ...parameters, sessionKey: key });
    const { made, prepare } = await setUp({ sessionKey: { ...key, sessionKey: used.sessionKey } }, used);
    const operation = await prepare();
    expect(decodeUse({ data: operation.signature, callCount: 1 }).signature).toBe(key.stubSignature);
    const signature = await made.signUserOperation(operation);
    expect(decodeUse({ data: signature, callCount: 1 }).signature).toMatch(/^0x01[0-9a-f]{64}$/);
  });

  it("hashes operations as the account's EntryPoint does", async () => {
    const signed: Hex[] = [];
    const spy: SessionKey = { ...sessionKey, sign: async (digest) => `0x${signed.push(digest)}` };
    const { client } = createMockClient();
    for (const entryPointVersion of ["0.7", "0.8"] as const) {
      const made = await toSessionAccount({ client, session, sessionKey: spy, contracts, entryPointVersion });
      expect(made.entryPoint).toMatchObject({ version: entryPointVersion });
      const { prepare } = await setUp();
      await made.signUserOperation(await prepare());
    }
    expect(new Set(signed).size).toBe(2);
  });

  it("refuses another version of the EntryPoint than the account's", async () => {
    await expect(setUp({ entryPointVersion: "0.8" })).rejects.toThrow(
      new EntryPointNotSupportedError({ version: "0.7", expected: "0.8" }),
    );
  });

  it("has Nexus and Kernel install the manager by the owner's signature, unless it is installed", async () => {
    const owner = privateKeyToAccount(privateKey);
    const enable = { signer: owner, validator: stranger, grantPrefix: "any" } as const;
    const chain = { accountId: "biconomy.nexus.1.0.0", installed: false };
    const { made, prepare } = await setUp({ enable, chain });
    expect(await getKey(made)).toBe(
      getNonceKey({ accountType: "nexus", validator: contracts.manager, mode: "enable" }),
    );
    const nonce = getNonceKey({ accountType: "nexus", validator: contracts.manager, mode: "enable" }) << 64n;
    const operation = { ...(await prepare()), nonce };
    const signature = await made.signUserOperation(operation);
    // module, type 1, and the data for onInstall after its length.
    expect(slice(signature, 0, 57).toLowerCase()).toBe(
      concat([contracts.manager, pad("0x01"), "0x00000001", "0x00"]).toLowerCase(),
    );
    expect(slice(signature, 57, 81).toLowerCase()).toBe(concat(["0x00000055", stranger]).toLowerCase());
    expect(decodeUse({ data: slice(signature, 146), callCount: 1 }).claims).toEqual([0]);
    expect(size(await made.getStubSignature(operation))).toBe(size(signature));

    const installed = await setUp({ enable, chain: { ...chain, installed: true } });
    expect(await getKey(installed.made)).toBe(getNonceKey({ accountType: "nexus", validator: contracts.manager }));
    await expect(setUp({ enable, accountType: "safe7579" })).rejects.toThrow(EnableModeNotSupportedError);
    await expect(setUp({ enable: { signer: owner }, accountType: "nexus" })).rejects.toThrow(
      /^This account cannot .*\n\nAccount type: nexus\nNexus needs `enable.validator`, the owner's\.\n/,
    );
  });

  it("signs nothing but operations", async () => {
    const { made } = await setUp();
    await expect(made.signMessage({ message: "hello" })).rejects.toThrow(SigningNotSupportedError);
  });
});
