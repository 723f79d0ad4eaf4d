import {
  encodeExecution,
  encodeUse,
  getContracts,
  getSessionId,
  getUseDigest,
  type Policy,
  type Session,
} from "latchkey";
import { concat, type Hex, numberToHex, zeroAddress } from "viem";
import { entryPoint07Address, getUserOperationHash } from "viem/account-abstraction";
import { afterEach, beforeEach, expect, it } from "vitest";
import { random, refusal } from "../test/group.js";
import { FakeRpc } from "../test/rpc.js";
import { Chains } from "./chains.js";
import { checkOperation } from "./checkOperation.js";
import { parseConfig } from "./config.js";

const account = "0x00000000000000000000000000000000000000AA";
const target = "0x00000000000000000000000000000000000000bb";
let rpc: FakeRpc;

beforeEach(async () => {
  rpc = await FakeRpc.start();
});

afterEach(async () => {
  await rpc.stop();
});

/** Has an operation checked whose session has so many policies. */
function check(count: number, withGrant = false) {
  const config = parseConfig({ directory: "any", chains: { 1: rpc.url } });
  const chains = new Chains(config);
  const point: Hex = `0x02${"11".repeat(32)}`;
  const limit = getContracts().usageLimitPolicy;
  const policies: Policy[] = Array.from({ length: count }, (_, index) => ({
    policy: limit,
    config: numberToHex(index + 1, { size: 16 }),
  }));
  const session: Session = {
    ...{ account, chainId: 1n, epoch: 0n, validAfter: 0, validUntil: 0, salt: random() },
    ...{ sessionKey: concat([chains.verifier, point]), paymaster: zeroAddress, maxOpCost: 10n ** 18n },
    ...{ operationPolicies: [], signaturePolicies: [] },
    actions: [{ target, selector: "0x00000000", maxValue: 1n, policies }],
  };
  const normal: Session = { ...session, sessionKey: `0x${session.sessionKey.slice(2).toLowerCase()}` };
  const grant = withGrant ? { grant: { ids: [getSessionId(normal)], signature: random(65) } } : {};
  const use = encodeUse({ session: normal, claims: [0], ...grant });
  const userOperation = {
    ...({ sender: account, nonce: 0n, signature: "0x", callGasLimit: 1n, verificationGasLimit: 1n } as const),
    ...{ preVerificationGas: 1n, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n },
    callData: encodeExecution([{ to: target, value: 1n }]),
  };
  const operation = {
    chainId: 1,
    entryPoint: entryPoint07Address,
    version: "0.7",
    session: normal,
    use,
    userOperation,
  } as const;
  const userOpHash = getUserOperationHash({
    chainId: 1,
    entryPointAddress: entryPoint07Address,
    entryPointVersion: "0.7",
    userOperation,
  });
  const asked = getUseDigest({ userOpHash, id: getSessionId(normal), use, manager: chains.manager });
  const consent = {
    ...({ account, chainId: 1n, nodes: [], threshold: 2, authorizationKey: random(), salt: random() } as const),
    validUntil: 2_000_000_000,
  };
  const record = {
    ...({ id: random(), status: "active", consent, attempt: random(), transcript: random() } as const),
    ...{ commitments: [point], share: random() },
  };
  return refusal(() => checkOperation({ chains, record, limits: config.limits, operation, asked }));
}

it.each([
  ["not granted", 0],
  ["of an epoch that is over", 1],
])("asks the chain for nothing more of a session that is %s", async (_what, status) => {
  rpc.returnData = numberToHex(status, { size: 32 });
  expect(await check(100)).toBe("grant");
  expect(rpc.calls).toBe(3);
});

it("asks for the budgets of a session whose grant the operation carries", async () => {
  rpc.returnData = numberToHex(0, { size: 32 });
  await check(20, true);
  expect(rpc.calls).toBeGreaterThanOrEqual(6);
});

it("asks for nothing of a session with too many policies", async () => {
  rpc.returnData = numberToHex(0, { size: 32 });
  expect(await check(128)).toBe("grant");
  rpc.calls = 0;
  expect(await check(129)).toBe("session");
  expect(rpc.calls).toBe(0);
});
