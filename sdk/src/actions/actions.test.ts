import { decodeFunctionData, type Hex, zeroHash } from "viem";
import { describe, expect, it } from "vitest";
import { account, contracts, game, parameters, recipient, session, stranger, token } from "../../test/fixtures.js";
import { createMockClient, createOwner } from "../../test/mockClient.js";
import {
  AccountMismatchError,
  AccountNotFoundError,
  allowErc20,
  ChainMismatchError,
  defineSession,
  drawNextEpoch,
  EpochMismatchError,
  encodeSession,
  erc7579Abi,
  GrantRuleError,
  gasLimit,
  getBudgetId,
  getEpoch,
  getGrantCalls,
  getGrantRootCall,
  getInstallData,
  getModuleInitData,
  getPublishedSessions,
  getRevokeAllCall,
  getRevokeCall,
  getSessionAllowance,
  getSessionId,
  getSessionStatus,
  getSessionTree,
  getSetSignedGrantsCall,
  getSignedGrants,
  grantSession,
  InvalidBytesError,
  InvalidEpochError,
  NoSessionsError,
  nativeLimit,
  noCalldata,
  revokeAllSessions,
  revokeSession,
  type Session,
  SessionRevokedError,
  StaleInstallationError,
  sessionKeyManagerAbi,
  usageLimit,
} from "../index.js";

const other = { ...session, account: stranger } as const;
const second = { ...session, salt: zeroHash } as const;

describe("getGrantCalls", () => {
  it("grants, after installing if asked to", () => {
    const [install, grant] = getGrantCalls({ sessions: [session], install: true, contracts });
    expect(install?.to).toBe(account);
    expect(decodeFunctionData({ abi: erc7579Abi, data: install?.data ?? "0x" })).toEqual({
      functionName: "installModule",
      args: [1n, expect.stringMatching(new RegExp(contracts.manager, "i")), "0x"],
    });
    expect(grant?.to.toLowerCase()).toBe(contracts.manager);
    expect(decodeFunctionData({ abi: sessionKeyManagerAbi, data: grant?.data ?? "0x" })).toEqual({
      functionName: "grantSessions",
      args: [[getSessionId(session)]],
    });
    expect(getGrantCalls({ sessions: [session], install: false, contracts })).toEqual([grant]);
  });

  it("publishes, fixes who may grant by a signature, and installs on Kernel in its way", () => {
    const [install, grant] = getGrantCalls({
      sessions: [session],
      install: true,
      publish: true,
      grantPrefix: "0x00",
      accountType: "kernel",
      contracts,
    });
    expect(decodeFunctionData({ abi: erc7579Abi, data: install?.data ?? "0x" }).args[2]).toBe(
      getModuleInitData({ accountType: "kernel", data: "0x0100" }),
    );
    const { functionName, args } = decodeFunctionData({ abi: sessionKeyManagerAbi, data: grant?.data ?? "0x" });
    expect({ functionName, args }).toEqual({ functionName: "grantAndPublishSessions", args: [[session]] });
  });

  it("grants a root", () => {
    const { to, data } = getGrantRootCall({ root: getSessionTree([session, other]).root, contracts });
    expect(to.toLowerCase()).toBe(contracts.manager);
    expect(decodeFunctionData({ abi: sessionKeyManagerAbi, data })).toEqual({
      functionName: "grantSessions",
      args: [[getSessionTree([session, other]).root]],
    });
    expect(() => getGrantRootCall({ root: "0x12", contracts })).toThrow(InvalidBytesError);
  });

  it("refuses none, and sessions of several accounts", () => {
    expect(() => getGrantCalls({ sessions: [], install: false, contracts })).toThrow(NoSessionsError);
    expect(() => getGrantCalls({ sessions: [session, other], install: false, contracts })).toThrow(
      AccountMismatchError,
    );
  });
});

describe("getInstallData", () => {
  it("says who may grant by a signature", () => {
    expect(getInstallData()).toBe("0x");
    expect(getInstallData({ grantPrefix: "off" })).toBe("0x");
    expect(getInstallData({ grantPrefix: "any" })).toBe("0x00");
    expect(getInstallData({ grantPrefix: stranger })).toBe(`0x01${stranger.slice(2).toLowerCase()}`);
    expect(getInstallData({ grantPrefix: `0x${"11".repeat(21)}` })).toBe(`0x01${"11".repeat(21)}`);
    for (const grantPrefix of ["0x", `0x${"11".repeat(22)}`] as const)
      expect(() => getInstallData({ grantPrefix })).toThrow(GrantRuleError);
    expect(
      decodeFunctionData({
        abi: sessionKeyManagerAbi,
        data: getSetSignedGrantsCall({ grantPrefix: "any", contracts }).data,
      }),
    ).toEqual({ functionName: "setSignedGrants", args: ["0x00"] });
  });

  it.each([
    [[false, "0x"], "off"],
    [[true, "0x"], "any"],
    [[true, "0x1234"], "0x1234"],
  ] as const)("is read back", async (signedGrantsOf, expected) => {
    const { client } = createMockClient({ signedGrantsOf });
    expect(await getSignedGrants(client, { account, contracts })).toBe(expected);
  });
});

describe("getPublishedSessions", () => {
  const published = (used: Session, id = getSessionId(used)): { id: Hex; data: Hex; account: Hex } => ({
    id,
    data: encodeSession(used),
    account,
  });
  it("lists each session once, with its status, and nothing that is not what it says", async () => {
    const { client } = createMockClient({
      logs: [
        published(session),
        published(second),
        published(session),
        published({ ...session, epoch: 9n }, getSessionId(second)),
        published({ ...session, account: stranger }),
      ],
    });
    const found = await getPublishedSessions(client, { account, fromBlock: 0n, contracts });
    expect(found.map(({ id, effective, blockNumber }) => ({ id, effective, blockNumber }))).toEqual([
      { id: getSessionId(session), effective: "active", blockNumber: 3n },
      { id: getSessionId(second), effective: "active", blockNumber: 2n },
    ]);
    expect(found[0]?.session).toEqual(session);
  });
});

describe("grantSession", () => {
  const grant = async (state: Parameters<typeof createMockClient>[0], used = session) => {
    const { client } = createMockClient(state);
    return grantSession(client, { account: await createOwner(client), session: used, contracts });
  };

  it("refuses what cannot be granted before anything is sent", async () => {
    await expect(grant({ status: 2 })).rejects.toThrow(SessionRevokedError);
    await expect(grant({ epoch: 1n })).rejects.toThrow(EpochMismatchError);
    await expect(grant({}, { ...session, chainId: 5n })).rejects.toThrow(ChainMismatchError);
    await expect(grant({}, other)).rejects.toThrow(AccountMismatchError);
    const asRoot = async (sessions: readonly (typeof session)[], state: Parameters<typeof createMockClient>[0]) => {
      const mock = createMockClient(state);
      return grantSession(mock.client, { account: await createOwner(mock.client), sessions, asRoot: true, contracts });
    };
    await expect(asRoot([session, second], { status: 2 })).rejects.toThrow(SessionRevokedError);
    await expect(asRoot([session, { ...second, epoch: 5n }], {})).rejects.toThrow(EpochMismatchError);
    await expect(asRoot([session, other], {})).rejects.toThrow(AccountMismatchError);
    await expect(asRoot([], {})).rejects.toThrow(NoSessionsError);
    await expect(grant({ installed: false, initialized: true })).rejects.toThrow(StaleInstallationError);
    const { client } = createMockClient();
    await expect(grantSession(client, { session, contracts })).rejects.toThrow(AccountNotFoundError);
    await expect(grantSession(client, { account: await createOwner(client), sessions: [], contracts })).rejects.toThrow(
      NoSessionsError,
    );
  });
});

describe("revokeSession", () => {
  it("refuses another account's session and no sessions", async () => {
    const { client } = createMockClient();
    const owner = await createOwner(client);
    await expect(revokeSession(client, { account: owner, session: other, contracts })).rejects.toThrow(
      AccountMismatchError,
    );
    await expect(revokeSession(client, { account: owner, ids: [], contracts })).rejects.toThrow(NoSessionsError);
    expect(() => getRevokeCall({ ids: ["0x12"], contracts })).toThrow(InvalidBytesError);
    expect(
      decodeFunctionData({ abi: sessionKeyManagerAbi, data: getRevokeCall({ ids: [zeroHash], contracts }).data }),
    ).toEqual({
      functionName: "revokeSessions",
      args: [[zeroHash]],
    });
  });
});

describe("revokeAllSessions", () => {
  it("refuses an epoch out of range", async () => {
    const { client } = createMockClient({ epoch: 7n });
    const owner = await createOwner(client);
    for (const nextEpoch of [7n, 6n, 8n + 2n ** 40n])
      await expect(revokeAllSessions(client, { account: owner, nextEpoch, contracts })).rejects.toThrow(
        InvalidEpochError,
      );
  });

  it("draws an epoch above the present one, by at most 2^40", () => {
    const drawn = Array.from({ length: 100 }, () => drawNextEpoch(7n));
    for (const epoch of drawn) expect(epoch > 7n && epoch <= 7n + 2n ** 40n).toBe(true);
    expect(new Set(drawn).size).toBe(100);
    expect(
      decodeFunctionData({ abi: sessionKeyManagerAbi, data: getRevokeAllCall({ epoch: 8n, contracts }).data }),
    ).toEqual({
      functionName: "revokeAll",
      args: [8n],
    });
  });
});

describe("getEpoch", () => {
  it("reads it", async () => {
    expect(await getEpoch(createMockClient({ epoch: 9n }).client, { account, contracts })).toBe(9n);
  });
});

describe("getSessionStatus", () => {
  const window = defineSession({ ...parameters, epoch: 3n, validAfter: 1_000, validUntil: 2_000 });
  const at = (now: number) => ({ now: () => now, epoch: 3n });
  it.each([
    ["active", at(1_000)],
    ["active", at(2_000)],
    ["pending", at(999)],
    ["expired", at(2_001)],
    ["not-granted", { ...at(1_000), status: 0 }],
    ["revoked", { ...at(1_000), status: 2 }],
    ["ended-by-epoch", { ...at(1_000), epoch: 4n }],
    ["wrong-epoch", { ...at(1_000), epoch: 2n }],
    ["not-installed", { ...at(1_000), installed: false }],
  ])("says %s", async (effective, state) => {
    const { client } = createMockClient(state);
    expect(await getSessionStatus(client, { session: window, contracts })).toMatchObject({ effective });
  });
});

describe("getSessionAllowance", () => {
  const day = 86_400;
  const used = defineSession({
    ...parameters,
    actions: [
      allowErc20({
        token,
        functions: ["transfer", "approve"],
        recipients: [recipient],
        perCall: 10n,
        total: 25n,
        perPeriod: { amount: 20n, period: "day", anchor: 100 },
      }),
    ],
  });
  const read = async (now: number, spent: readonly [bigint, bigint, bigint]) =>
    getSessionAllowance(createMockClient({ now: () => now, spent }).client, { session: used, contracts });

  it("says what is left of each budget", async () => {
    expect(await read(100 + 5 * day, [18n, 12n, 5n])).toEqual([
      {
        type: "erc20",
        token,
        functions: ["transfer", "approve"],
        recipients: [recipient],
        perCall: 10n,
        total: { limit: 25n, spent: 18n, remaining: 7n },
        perPeriod: { limit: 20n, spent: 12n, remaining: 8n, seconds: day, resetsAt: 100 + 6 * day },
        available: 7n,
      },
    ]);
  });

  it("counts nothing in a new period", async () => {
    const [allowance] = await read(100 + 6 * day, [18n, 20n, 5n]);
    expect(allowance?.perPeriod).toEqual({
      limit: 20n,
      spent: 0n,
      remaining: 20n,
      seconds: day,
      resetsAt: 100 + 7 * day,
    });
  });

  it("says what is left of native currency, usage and gas, of actions and of the session", async () => {
    const action = { target: game, selector: noCalldata, maxValue: 9n } as const;
    const shared = nativeLimit({ atOnce: 3n, total: 30n });
    const everything = defineSession({
      ...parameters,
      actions: [
        { ...action, policies: [shared, usageLimit({ total: 40n })] },
        { ...action, target: stranger, policies: [shared] },
        allowErc20({ token, total: 50n }),
      ],
      operationPolicies: [
        gasLimit({ atOnce: 60n, perPeriod: { amount: 100n, period: "day" } }),
        nativeLimit({ total: 70n }),
        usageLimit({ total: 80n, of: "calls" }),
        usageLimit({ total: 90n }),
      ],
    });
    const { client } = createMockClient({ now: () => 100, spent: [21n, 1n, 0n] });
    const left = (limit: bigint) => ({ limit, spent: 21n, remaining: limit - 21n });
    const rest = { perPeriod: undefined } as const;
    const all = await getSessionAllowance(client, { session: everything, contracts });
    expect(all).toMatchObject([
      { type: "erc20", token, total: left(50n), available: 29n },
      { type: "native", scope: "actions", actions: [0, 1], perCall: 3n, total: left(30n), available: 3n, ...rest },
      { type: "native", scope: "session", perOperation: undefined, total: left(70n), available: 49n, ...rest },
      { type: "usage", of: "calls", scope: "actions", actions: [0], total: left(40n) },
      { type: "usage", of: "calls", scope: "session", total: left(80n) },
      { type: "usage", of: "operations", scope: "session", total: left(90n) },
      {
        ...{ type: "gas", scope: "session", perOperation: 60n, total: undefined, available: 60n },
        perPeriod: { limit: 100n, spent: 1n, remaining: 99n, seconds: 86_400, resetsAt: 86_400 },
      },
    ]);
    const [gas, ...others] = await getSessionAllowance(client, { session: everything, type: "gas", contracts });
    expect(gas?.perOperation).toBe(60n);
    expect(others).toEqual([]);
  });

  it("asks for one budget by session, policy and configuration", () => {
    const [first] = used.actions[0]?.policies ?? [];
    expect(first && getBudgetId({ id: getSessionId(used), ...first })).toMatch(/^0x[0-9a-f]{64}$/);
  });
});
