import { createClient, custom, type Hex, parseEther, stringToHex, zeroAddress, zeroHash } from "viem";
import { mainnet } from "viem/chains";
import { describe, expect, it, vi } from "vitest";
import { account, contracts as known, recipient, sessionKey, stranger, token } from "../../test/fixtures.js";
import { createMockClient } from "../../test/mockClient.js";
import {
  allowErc20,
  defineSession,
  getSessionId,
  matchCalls,
  type Session,
  toSessionAccount,
  usageLimit,
} from "../index.js";
import {
  type CreatePermissionProviderParameters,
  createPermissionProvider,
  decodePermissionContext,
  encodePermissionContext,
  getGrantedExecutionPermissions,
  getPermissionResponse,
  getSessionPermission,
  getSupportedExecutionPermissions,
  InvalidPermissionContextError,
  InvalidPermissionError,
  PermissionAccountError,
  PermissionDeniedError,
  PermissionNotSupportedError,
  type PermissionProposal,
  type PermissionRequest,
  PermissionUnknownError,
  parsePermissionRequest,
  parsePermissionResponse,
  requestExecutionPermissions,
  revokeExecutionPermission,
  toSessionFromPermissionRequest,
} from "./index.js";

const contracts = {
  ...known,
  nativeLimitPolicy: "0x00000000000000000000000000000000000000a5",
  usageLimitPolicy: "0x00000000000000000000000000000000000000a6",
  gasLimitPolicy: "0x00000000000000000000000000000000000000a7",
} as const;
const fees = { maxPerOperation: parseEther("0.01"), total: parseEther("0.1") } as const;
const now = 1_800_000_000;
const to = sessionKey.sessionKey;
const expiry = { type: "expiry", data: { timestamp: now + 1_000_000 } } as const;
const day = 86_400;

const periodic = {
  chainId: "0x1",
  from: account,
  to,
  permission: {
    type: "erc20-token-periodic",
    isAdjustmentAllowed: false,
    data: { tokenAddress: token, periodAmount: "0x64", periodDuration: day, startTime: now },
  },
  rules: [expiry],
} as const;
const withData = (type: string, data: Record<string, unknown>, rules: readonly unknown[] = [expiry]) => ({
  ...periodic,
  permission: { type, isAdjustmentAllowed: false, data },
  rules,
});
const convert = (request: unknown, more: object = {}): Session =>
  toSessionFromPermissionRequest({ request, account, fees, epoch: 3n, now, salt: zeroHash, contracts, ...more });
const payee = { type: "payee", data: { addresses: [recipient, stranger] } } as const;

describe("toSessionFromPermissionRequest", () => {
  it("makes the session that a person would define", () => {
    expect(convert(periodic)).toEqual(
      defineSession({
        account,
        chainId: 1,
        sessionKey,
        validAfter: now,
        // The permission is invalid at the timestamp; a session is valid in its last second.
        validUntil: now + 999_999,
        epoch: 3n,
        salt: zeroHash,
        fees,
        actions: [allowErc20({ token, perPeriod: { amount: 100n, period: day, anchor: now } })],
        contracts,
      }),
    );
  });

  const requests: readonly [string, PermissionRequest][] = [
    ["erc20-token-periodic", periodic],
    ["erc20-token-periodic to payees", { ...periodic, rules: [expiry, payee] }],
    [
      "erc20-token-allowance",
      withData("erc20-token-allowance", { tokenAddress: token, allowance: "0x5", startTime: 7 }),
    ],
    ["native-token-allowance", withData("native-token-allowance", { allowanceAmount: "0x05", startTime: now })],
    [
      "native-token-periodic",
      withData("native-token-periodic", { periodAmount: "0x5", periodDuration: 300, startTime: 0 }),
    ],
    [
      "native-token-periodic to payees",
      withData("native-token-periodic", { periodAmount: "0x5", periodDuration: 300, startTime: 0 }, [expiry, payee]),
    ],
  ] as never;

  it.each(requests)("turns %s into a session and back", (_, request) => {
    const session = convert(request);
    const response = getPermissionResponse({ session, request: parsePermissionRequest(request), contracts });
    expect(convert(response && pick(response))).toEqual(session);
    expect(parsePermissionResponse({ response, contracts })).toMatchObject({ session, grant: undefined });
    expect(parsePermissionResponse({ response: { ...response, ...request }, contracts }).session).toEqual(session);
  });

  it("lets native currency go to the payees only, all within one budget", () => {
    const session = convert(withData("native-token-allowance", { allowance: "0x5", startTime: now }, [expiry, payee]));
    const matches = (target: Hex, value: bigint, data: Hex = "0x") =>
      matchCalls({ session, calls: [{ to: target, value, data }], contracts });
    expect(matches(recipient, 5n)).toEqual([0]);
    expect(matches(stranger, 5n)).toEqual([1]);
    expect(() => matches(token, 5n)).toThrow();
    expect(() => matches(recipient, 6n)).toThrow();
    expect(() => matches(recipient, 5n, "0x12345678")).toThrow();
    expect(session.actions[0]?.policies).toEqual(session.actions[1]?.policies);
  });

  it("begins a little before now without a start", () => {
    const data = { tokenAddress: token, periodAmount: "0x64", periodDuration: day };
    for (const startTime of [undefined, null])
      expect(convert(withData("erc20-token-periodic", { ...data, startTime })).validAfter).toBe(now - 60);
  });

  it("takes a rule about redeemers if the key is among them", () => {
    const redeemer = (addresses: unknown) => ({
      ...periodic,
      rules: [expiry, { type: "redeemer", data: { addresses } }],
    });
    expect(convert(redeemer([stranger, to]))).toEqual(convert(periodic));
    expect(() => convert(redeemer([stranger]))).toThrow(InvalidPermissionError);
  });

  it("wants an end, from the request or from the wallet", () => {
    const endless = { ...periodic, rules: [] };
    expect(() => convert(endless)).toThrow(InvalidPermissionError);
    expect(convert(endless, { validUntil: now + 5 }).validUntil).toBe(now + 5);
    expect(convert(endless, { validUntil: "never" }).validUntil).toBe(0);
    expect(convert(periodic, { validUntil: "never" }).validUntil).toBe(now + 999_999);
  });

  it.each([
    ["a stream of native currency", withData("native-token-stream", { amountPerSecond: "0x1", startTime: now })],
    ["a stream of tokens", withData("erc20-token-stream", { tokenAddress: token, amountPerSecond: "0x1" })],
    ["another type", withData("constructor", {})],
    ["a rule that is not known", { ...periodic, rules: [expiry, { type: "rate-limit", data: {} }] }],
    ["periods that no policy has", withData("native-token-periodic", { periodAmount: "0x1", periodDuration: 299 })],
  ])("refuses %s", (_, request) => {
    expect(() => convert(request)).toThrow(PermissionNotSupportedError);
    try {
      convert(request);
    } catch (error) {
      expect(error).toMatchObject({ rpcCode: 4200 });
    }
  });

  const data = periodic.permission.data;
  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a list", [periodic]],
    ["a field that is not known", { ...periodic, signer: {} }],
    ["no key", { ...periodic, to: undefined }],
    ["the zero key", { ...periodic, to: zeroAddress }],
    ["a key that is none", { ...periodic, to: "0x12" }],
    ["a key with a wrong checksum", { ...periodic, to: "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266" }],
    ["a chain in decimal", { ...periodic, chainId: "1" }],
    ["a chain that is a number", { ...periodic, chainId: 1 }],
    ["every chain", { ...periodic, chainId: "0x0" }],
    ["a chain beyond numbers", { ...periodic, chainId: "0x20000000000001" }],
    ["no word on adjustment", { ...periodic, permission: { type: "native-token-allowance", data: {} } }],
    ["rules that are no list", { ...periodic, rules: { 0: expiry } }],
    ["too many rules", { ...periodic, rules: Array.from({ length: 101 }, () => expiry) }],
    ["a rule without data", { ...periodic, rules: [{ type: "expiry" }] }],
    ["two ends", { ...periodic, rules: [expiry, expiry] }],
    ["an end in milliseconds", { ...periodic, rules: [{ type: "expiry", data: { timestamp: now * 1000 } }] }],
    ["an end in words", { ...periodic, rules: [{ type: "expiry", data: { timestamp: "tomorrow" } }] }],
    ["an end before the start", { ...periodic, rules: [{ type: "expiry", data: { timestamp: 5 } }] }],
    ["an end at the beginning of time", { ...periodic, rules: [{ type: "expiry", data: { timestamp: 1 } }] }],
    [
      "a field in a rule that is not known",
      { ...periodic, rules: [{ type: "expiry", data: { timestamp: 9, not: 1 } }] },
    ],
    ["no payees", { ...periodic, rules: [expiry, { type: "payee", data: { addresses: [] } }] }],
    ["a limit under another name", withData("erc20-token-periodic", { ...data, maxAmount: "0x1" })],
    ["two amounts", withData("native-token-allowance", { allowance: "0x1", allowanceAmount: "0x2" })],
    ["no amount", withData("native-token-allowance", { startTime: now })],
    ["an amount that is a number", withData("native-token-allowance", { allowance: 5 })],
    ["an amount in decimal", withData("native-token-allowance", { allowance: "5" })],
    ["an amount beyond all counting", withData("native-token-allowance", { allowance: `0x${"f".repeat(64)}` })],
    ["a negative amount", withData("native-token-allowance", { allowance: "-0x5" })],
    ["a start in milliseconds", withData("erc20-token-periodic", { ...data, startTime: now * 1000 })],
    ["a period in words", withData("erc20-token-periodic", { ...data, periodDuration: "day" })],
    ["a token that is none", withData("erc20-token-periodic", { ...data, tokenAddress: "USDC" })],
    [
      "a justification as long as a book",
      withData("erc20-token-periodic", { ...data, justification: "x".repeat(2_001) }),
    ],
    ["a prototype", JSON.parse(`{"__proto__": 1, "chainId": "0x1", "to": "${to}", "permission": {}}`)],
  ])("refuses %s", (_, request) => {
    expect(() => convert(request)).toThrow(InvalidPermissionError);
    try {
      convert(request);
    } catch (error) {
      expect(error).toMatchObject({ rpcCode: -32602 });
    }
  });

  it("refuses to grant for another account, or itself", () => {
    expect(() => convert({ ...periodic, from: stranger })).toThrow(PermissionAccountError);
    expect(() => convert({ ...periodic, from: stranger })).toThrowErrorMatchingInlineSnapshot(`
      [PermissionAccountError: The permission is asked of another account.

      Asked of: 0x90F79bf6EB2c4f870365E785982E1f101E93b906
      Account: 0x70997970C51812dc3A010C7d01b50e0d17dc79C8

      Docs: docs/errors/PermissionAccountError.md]
    `);
    expect(convert({ ...periodic, from: undefined }).account).toBe(account);
  });
});

/** A response without what is only in responses. */
function pick({
  context: _,
  dependencies: _d,
  delegationManager: _m,
  ...request
}: PermissionRequest & Record<string, unknown>) {
  return request;
}

describe("getSessionPermission", () => {
  const base = {
    account,
    chainId: 1,
    sessionKey,
    validAfter: now,
    validUntil: now + 5,
    fees,
    contracts,
  } as const;
  const total = [allowErc20({ token, total: 5n })];

  it("reads what a session says", () => {
    expect(getSessionPermission(defineSession({ ...base, actions: total }), { contracts })).toEqual({
      chainId: "0x1",
      from: account,
      to: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
      permission: {
        type: "erc20-token-allowance",
        isAdjustmentAllowed: false,
        data: { tokenAddress: token, allowanceAmount: "0x5", startTime: now },
      },
      rules: [{ type: "expiry", data: { timestamp: now + 6 } }],
    });
  });

  it("does not say less than a session allows, or more", () => {
    const sessions: readonly Session[] = [
      defineSession({ ...base, chainId: "every", actions: total }),
      defineSession({ ...base, actions: [allowErc20({ token, total: 5n, functions: ["approve"] })] }),
      defineSession({ ...base, actions: [allowErc20({ token, total: 5n, functions: ["transfer", "approve"] })] }),
      defineSession({ ...base, actions: [allowErc20({ token, total: 5n, perCall: 1n })] }),
      defineSession({ ...base, actions: [allowErc20({ token, recipients: [recipient] })] }),
      defineSession({
        ...base,
        actions: [allowErc20({ token, total: 5n, perPeriod: { amount: 1n, period: "day", anchor: now } })],
      }),
      defineSession({ ...base, actions: [allowErc20({ token, perPeriod: { amount: 1n, period: "day" } })] }),
      defineSession({ ...base, actions: [...total, allowErc20({ token: stranger, total: 5n })] }),
      defineSession({ ...base, actions: total, operationPolicies: [usageLimit({ total: 5n })] }),
      defineSession({ ...base, actions: total, signaturePolicies: [{ policy: stranger, config: "0x" }] }),
      { ...defineSession({ ...base, actions: total }), sessionKey: `0x${"11".repeat(84)}` },
    ];
    for (const session of sessions) {
      expect(getSessionPermission(session, { contracts })).toBeUndefined();
      expect(() => getPermissionResponse({ session, contracts })).toThrow(InvalidPermissionError);
    }
    const narrow = convert(withData("native-token-allowance", { allowance: "0x5" }, [expiry, payee]));
    const capped = { ...narrow, actions: narrow.actions.map((action) => ({ ...action, maxValue: 4n })) };
    expect(getSessionPermission(capped, { contracts })).toBeUndefined();
  });
});

describe("a permission's context", () => {
  const session = convert(periodic);
  const grant = { ids: [zeroHash, getSessionId(session)], signature: "0x1234" } as const;

  it("holds all that it takes to use the session", async () => {
    const context = encodePermissionContext({ session, grant, proof: [zeroHash] });
    expect(decodePermissionContext(context)).toEqual({ session, grant, proof: [zeroHash] });
    const { client } = createMockClient();
    const used = decodePermissionContext(encodePermissionContext({ session, grant }));
    expect(await toSessionAccount({ ...used, client, sessionKey, contracts })).toMatchObject({ address: account });
  });

  const altered = (change: (fields: Record<string, unknown>) => void): Hex => {
    const fields = JSON.parse(Buffer.from(encodePermissionContext({ session, grant }).slice(2), "hex").toString());
    change(fields);
    return stringToHex(JSON.stringify(fields));
  };
  it.each([
    ["no hex", "context"],
    ["half a byte", "0x123"],
    ["no JSON", "0x1234"],
    ["a list", stringToHex("[]")],
    ["null", stringToHex("null")],
    ["something else", stringToHex('{"format":"other"}')],
    ["far too much", `0x${"00".repeat(200_001)}`],
    ["a later version", altered((fields) => Object.assign(fields, { version: 2 }))],
    ["a field that is not known", altered((fields) => Object.assign(fields, { privateKey: "0x1" }))],
    ["no session", altered((fields) => Object.assign(fields, { session: 5 }))],
    [
      "a session with another id",
      altered((fields) =>
        Object.assign(fields, {
          session: String(fields["session"]).replace("0x64", "0x65").replace('"epoch":"3"', '"epoch":"4"'),
        }),
      ),
    ],
    [
      "a grant of another session",
      altered((fields) => Object.assign(fields, { grant: { ids: [zeroHash], signature: "0x" } })),
    ],
    ["a grant without a signature", altered((fields) => Object.assign(fields, { grant: { ids: [zeroHash] } }))],
    ["a proof of words that are none", altered((fields) => Object.assign(fields, { proof: ["0x12"] }))],
    ["a proof that is none", altered((fields) => Object.assign(fields, { proof: "0x" }))],
  ])("is refused with %s", (_, context) => {
    expect(() => decodePermissionContext(context)).toThrow(InvalidPermissionContextError);
  });

  it("must allow exactly what the answer says, for whom and where it says", () => {
    const response = getPermissionResponse({ session, contracts });
    const parse = (change: object) => () =>
      parsePermissionResponse({ response: { ...response, ...change }, contracts });
    expect(parse({})().session).toEqual(session);
    const { permission } = response;
    const claims = [
      { from: stranger },
      { from: undefined },
      { to: stranger },
      { chainId: "0x2" },
      { permission: { ...permission, type: "native-token-periodic" } },
      { permission: { ...permission, data: { ...permission.data, periodAmount: "0x63" } } },
      { permission: { ...permission, data: { ...permission.data, periodDuration: 300 } } },
      { rules: [] },
      { rules: [expiry, payee] },
      { rules: [{ type: "expiry", data: { timestamp: now + 5 } }] },
      { context: encodePermissionContext({ session: convert({ ...periodic, to: stranger }) }) },
    ];
    for (const claim of claims) expect(parse(claim)).toThrow(InvalidPermissionContextError);
    for (const claim of [{ delegationManager: stranger }, { delegationManager: undefined }, { dependencies: {} }])
      expect(parse(claim)).toThrow(InvalidPermissionError);
    const factoryData = "0x12";
    for (const one of [
      null,
      { factory: stranger },
      { factory: "0x12", factoryData },
      { factory: stranger, factoryData: 5 },
    ])
      expect(parse({ dependencies: [one] })).toThrow(InvalidPermissionError);
    expect(() => parsePermissionResponse({ response: null, contracts })).toThrow(InvalidPermissionError);
  });
});

/** A wallet that grants what it is asked for, and a dapp's client of it. */
function setUp(parameters: Partial<CreatePermissionProviderParameters> = {}) {
  const passed = vi.fn(async ({ method }: { method: string }): Promise<unknown> => `passed ${method}`);
  const revoke = vi.fn(async () => {});
  const approve = vi.fn(async (proposals: readonly PermissionProposal[]) =>
    proposals.map(({ session }) => ({ grant: { ids: [getSessionId(session)], signature: "0x1234" as const } })),
  );
  const provider = createPermissionProvider({
    provider: { request: passed },
    account,
    chainIds: [1, 5],
    fees,
    getEpoch: async () => 3n,
    approve,
    revoke,
    contracts,
    ...parameters,
  });
  const client = createClient({ chain: mainnet, transport: custom(provider, { retryCount: 0 }) });
  return { provider, client, passed, approve, revoke };
}

const ask = {
  to: sessionKey,
  expiry: now + 100,
  permission: {
    type: "erc20-token-periodic",
    tokenAddress: token,
    periodAmount: 100n,
    periodDuration: day,
    justification: "Your subscription",
    payees: [recipient],
  },
} as const;

describe("createPermissionProvider", () => {
  it("grants to a dapp what the owner approves, and revokes it", async () => {
    const { client, approve, revoke } = setUp();
    const [granted, ...more] = await requestExecutionPermissions(client, { permissions: [ask], contracts });
    if (!granted) throw new Error("nothing was granted");
    expect(more).toEqual([]);
    const [[proposals = []] = []] = approve.mock.calls;
    expect(proposals).toHaveLength(1);
    expect(proposals[0]?.session).toEqual(granted.session);
    expect(proposals[0]?.request.permission.data["justification"]).toBe("Your subscription");
    expect(proposals[0]?.description.lines.length).toBeGreaterThan(0);
    expect(granted.session).toMatchObject({ account, chainId: 1n, epoch: 3n, validUntil: now + 99 });
    expect(granted.response).toMatchObject({ from: account, dependencies: [], delegationManager: expect.any(String) });
    expect(granted.response.permission.data["justification"]).toBe("Your subscription");
    const used = await toSessionAccount({ ...granted, client: createMockClient().client, sessionKey, contracts });
    expect(used.sessionId).toBe(getSessionId(granted.session));

    expect(await getGrantedExecutionPermissions(client, { contracts })).toEqual([granted]);
    await revokeExecutionPermission(client, granted.response);
    expect(revoke).toHaveBeenCalledWith({ session: granted.session, response: expect.anything() });
    expect(await getGrantedExecutionPermissions(client, { contracts })).toEqual([]);
    await expect(revokeExecutionPermission(client, granted.response)).rejects.toThrow("There is no such permission");
  });

  it("says what it supports", async () => {
    const { client } = setUp();
    const supported = await getSupportedExecutionPermissions(client);
    expect(Object.keys(supported)).toEqual([
      "native-token-allowance",
      "native-token-periodic",
      "erc20-token-allowance",
      "erc20-token-periodic",
    ]);
    expect(supported["erc20-token-periodic"]).toEqual({
      chainIds: ["0x1", "0x5"],
      ruleTypes: ["expiry", "payee", "redeemer"],
    });
  });

  it("passes everything else through", async () => {
    const { provider, passed } = setUp();
    const request = { method: "wallet_grantPermissions", params: [1] };
    expect(await provider.request(request)).toBe("passed wallet_grantPermissions");
    expect(passed).toHaveBeenCalledWith(request);
    expect(await provider.request({ method: "toString" })).toBe("passed toString");
    await provider.request({ method: "wallet_getSupportedExecutionPermissions" });
    expect(passed).toHaveBeenCalledTimes(2);
  });

  it("grants nothing if the owner refuses, or less than all is approved", async () => {
    const approvals = [async () => undefined, async () => []];
    for (const approve of approvals) {
      const { provider, client } = setUp({ approve });
      const asking = provider.request({ method: "wallet_requestExecutionPermissions", params: [periodic] });
      await expect(asking).rejects.toMatchObject({ code: 4001, cause: expect.any(PermissionDeniedError) });
      await expect(requestExecutionPermissions(client, { permissions: [ask], contracts })).rejects.toMatchObject({
        name: "UserRejectedRequestError",
      });
      expect(await getGrantedExecutionPermissions(client, { contracts })).toEqual([]);
    }
  });

  it("asks the owner about nothing that it cannot grant", async () => {
    const { provider, approve } = setUp();
    const send = (params: unknown) => provider.request({ method: "wallet_requestExecutionPermissions", params });
    await expect(send([periodic, { ...periodic, chainId: "0x2" }])).rejects.toMatchObject({
      cause: expect.any(PermissionNotSupportedError),
    });
    await expect(send([periodic, withData("native-token-stream", {})])).rejects.toMatchObject({
      cause: expect.any(PermissionNotSupportedError),
    });
    await expect(send([{ ...periodic, from: stranger }])).rejects.toMatchObject({ code: 4100 });
    for (const params of [undefined, [], {}, [null], Array.from({ length: 101 }, () => periodic)])
      await expect(send(params)).rejects.toMatchObject({ code: -32602 });
    expect(approve).not.toHaveBeenCalled();
  });

  it("revokes only what it granted", async () => {
    const { provider, revoke } = setUp();
    const send = (params: unknown) => provider.request({ method: "wallet_revokeExecutionPermission", params });
    const context = encodePermissionContext({ session: convert(periodic) });
    await expect(send([{ permissionContext: context }])).rejects.toMatchObject({
      cause: expect.any(PermissionUnknownError),
    });
    for (const params of [undefined, [], [{}], [{ permissionContext: 5 }]])
      await expect(send(params)).rejects.toMatchObject({ cause: expect.any(InvalidPermissionError) });
    expect(revoke).not.toHaveBeenCalled();
  });

  it("lets the owner change what the dapp lets be changed", async () => {
    const approve: CreatePermissionProviderParameters["approve"] = async (proposals) =>
      proposals.map(({ session }) => ({
        session: { ...session, validUntil: now + 50 },
        factory: stranger,
        factoryData: "0x12",
      }));
    const { client } = setUp({ approve });
    const request = (isAdjustmentAllowed: boolean) =>
      requestExecutionPermissions(client, { permissions: [{ ...ask, isAdjustmentAllowed }], contracts });
    const [granted] = await request(true);
    expect(granted?.session.validUntil).toBe(now + 50);
    expect(granted?.response.dependencies).toEqual([{ factory: stranger, factoryData: "0x12" }]);
    await expect(request(false)).rejects.toThrow();
  });
});

describe("requestExecutionPermissions", () => {
  const wallet = (answer: (requests: readonly PermissionRequest[]) => unknown) =>
    createClient({
      chain: mainnet,
      transport: custom({ request: async ({ params }) => answer(params) }, { retryCount: 0 }),
    });
  const respond = (request: PermissionRequest) =>
    getPermissionResponse({ session: convert(request), request, contracts });

  it("sends what ERC-7715 says", async () => {
    let sent: unknown;
    const client = wallet((requests) => {
      sent = requests;
      return requests.map((request) => respond(parsePermissionRequest({ ...request, from: account })));
    });
    await requestExecutionPermissions(client, { permissions: [{ ...ask, from: account }], contracts });
    expect(sent).toEqual([
      {
        chainId: "0x1",
        from: account,
        to: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        permission: {
          type: "erc20-token-periodic",
          isAdjustmentAllowed: false,
          data: { tokenAddress: token, periodAmount: "0x64", periodDuration: day, justification: "Your subscription" },
        },
        rules: [
          { type: "expiry", data: { timestamp: now + 100 } },
          { type: "payee", data: { addresses: [recipient] } },
        ],
      },
    ]);
  });

  it("refuses an answer that is for somebody else, or says something else", async () => {
    const request = (answer: (request: PermissionRequest) => unknown) =>
      requestExecutionPermissions(
        wallet((requests) => requests.map(answer)),
        { permissions: [ask], contracts },
      );
    await expect(request(respond)).resolves.toHaveLength(1);
    const answers: readonly ((request: PermissionRequest) => unknown)[] = [
      (asked) => respond({ ...asked, to: stranger }),
      (asked) => respond({ ...asked, chainId: "0x2" }),
      (asked) => respond({ ...asked, rules: [{ type: "expiry", data: { timestamp: now + 99 } }] }),
      () => respond(parsePermissionRequest(withData("native-token-allowance", { allowance: "0x64" }))),
      (asked) =>
        respond({
          ...asked,
          permission: { ...asked.permission, data: { ...asked.permission.data, periodAmount: "0x63" } },
        }),
    ];
    for (const answer of answers) await expect(request(answer)).rejects.toThrow(InvalidPermissionError);
    await expect(request(() => ({}))).rejects.toThrow(InvalidPermissionError);
    const empty = wallet(() => []);
    await expect(requestExecutionPermissions(empty, { permissions: [ask], contracts })).rejects.toThrow(
      InvalidPermissionError,
    );
  });

  it("lists only what is a session of what the wallet has granted", async () => {
    const own = respond(parsePermissionRequest(periodic));
    const client = wallet(() => [own, { ...own, context: "0x1234" }, 5]);
    expect(
      (await getGrantedExecutionPermissions(client, { contracts })).map(({ response }) => response.context),
    ).toEqual([own.context]);
    await expect(
      getGrantedExecutionPermissions(
        wallet(() => ({})),
        { contracts },
      ),
    ).rejects.toThrow(InvalidPermissionError);
    await expect(getSupportedExecutionPermissions(wallet(() => null))).rejects.toThrow(InvalidPermissionError);
    expect(
      await getSupportedExecutionPermissions(wallet(() => ({ a: 1, b: { chainIds: [], ruleTypes: [] } }))),
    ).toEqual({
      b: { chainIds: [], ruleTypes: [] },
    });
  });
});
