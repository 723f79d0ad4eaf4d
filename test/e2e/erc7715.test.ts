import {
  createSessionKey,
  decodeSessionError,
  getEpoch,
  getSessionStatus,
  grantSession,
  PeriodLimitExceededError,
  RecipientNotAllowedError,
  revokeSession,
  type SessionKey,
  SessionRevokedError,
  sendSessionCalls,
  signSessionGrant,
} from "latchkey";
import {
  createPermissionProvider,
  type Eip1193Provider,
  type GrantedPermission,
  getGrantedExecutionPermissions,
  type PermissionProposal,
  requestExecutionPermissions,
  revokeExecutionPermission,
} from "latchkey/erc7715";
import { createClient, custom, parseEther, UserRejectedRequestError } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { rejection, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

const shop = someone(1);

let world: World;
let account: OwnedAccount;
/** What the owner was shown. */
let shown: readonly PermissionProposal[] = [];
let answer: "transaction" | "signature" | "no" = "transaction";

beforeAll(async () => {
  world = connect();
  account = await world.createAccount();
});

/** A wallet as its maker writes it: everything that it has to decide is here. */
function createWallet(): Eip1193Provider {
  const { bundler, owner, address } = account;
  const prefix = world.contracts.ownerValidator;
  return createPermissionProvider({
    provider: { request: ({ method }) => Promise.reject(new Error(`the wallet does not know ${method}`)) },
    account: address,
    chainIds: [world.info.chainId],
    fees: { maxPerOperation: parseEther("0.1"), total: parseEther("1") },
    getEpoch: () => getEpoch(world.client, { account: address }),
    describe: { tokens: [{ address: world.contracts.token, symbol: "TUSD", decimals: 6 }] },
    approve: async (proposals) => {
      shown = proposals;
      const sessions = proposals.map(({ session }) => session);
      if (answer === "no") return undefined;
      if (answer === "signature") {
        const grant = await signSessionGrant({ sessions, signer: owner, prefix });
        return proposals.map(() => ({ grant }));
      }
      await grantSession(bundler, { sessions, grantPrefix: prefix });
      return proposals.map(() => ({}));
    },
    revoke: async ({ session }) => {
      await revokeSession(bundler, { session });
    },
  });
}

/** The dapp, which knows the wallet's provider, its own key and a bundler. */
async function ask(dapp: ReturnType<typeof connectDapp>, sessionKey: SessionKey): Promise<GrantedPermission> {
  const [granted] = await requestExecutionPermissions(dapp, {
    permissions: [
      {
        chainId: world.info.chainId,
        to: sessionKey,
        expiry: (await world.now()) + 3_600,
        permission: {
          type: "erc20-token-periodic",
          tokenAddress: world.contracts.token,
          periodAmount: 10_000_000n,
          periodDuration: 86_400,
          payees: [shop],
          justification: "Your subscription",
        },
      },
    ],
  });
  if (granted === undefined) throw new Error("the wallet granted nothing");
  return granted;
}

const connectDapp = (wallet: Eip1193Provider) => createClient({ transport: custom(wallet, { retryCount: 0 }) });
const pay = (to: typeof shop, amount: bigint) => tokenCall.transfer(world.contracts.token, to, amount);

describe.each(["transaction", "signature"] as const)("a permission granted by %s", (way) => {
  it("is asked for by a dapp, approved in words, used through the bundler within its limits, and revoked", async () => {
    answer = way;
    const dapp = connectDapp(createWallet());
    const sessionKey = createSessionKey();
    const { session, grant, response } = await ask(dapp, sessionKey);
    const [proposal] = shown;
    expect(proposal?.description.title).toContain(`May send at most 10 TUSD per day`);
    expect(proposal?.request.permission.data["justification"]).toBe("Your subscription");

    const client = world.bundlerFor(account.smartAccount);
    const send = (to: typeof shop, amount: bigint, preflight = true) =>
      sendSessionCalls(client, {
        ...{ session, sessionKey, preflight, client: world.client, account: account.smartAccount },
        ...(grant ? { grant } : {}),
        calls: [pay(to, amount)],
      });
    const before = await world.balanceOf(world.contracts.token, shop);
    expect((await send(shop, 6_000_000n)).receipt?.success).toBe(true);
    expect(decodeSessionError(await rejection(send(someone(2), 1n, false)))).toBeInstanceOf(RecipientNotAllowedError);
    expect((await send(shop, 4_000_000n)).receipt?.success).toBe(true);
    expect(await world.balanceOf(world.contracts.token, shop)).toBe(before + 10_000_000n);

    expect(decodeSessionError(await rejection(send(shop, 1n)))).toBeInstanceOf(PeriodLimitExceededError);

    const known = await getGrantedExecutionPermissions(dapp);
    expect(known.map((permission) => permission.response.context)).toContain(response.context);
    await revokeExecutionPermission(dapp, response);
    expect(await getGrantedExecutionPermissions(dapp)).toEqual([]);
    expect(await getSessionStatus(world.client, { session })).toMatchObject({ effective: "revoked" });
    expect(decodeSessionError(await rejection(send(shop, 1n)))).toBeInstanceOf(SessionRevokedError);
  }, 240_000);
});

it("is not granted if the owner refuses", async () => {
  answer = "no";
  const dapp = connectDapp(createWallet());
  expect(await rejection(ask(dapp, createSessionKey()))).toBeInstanceOf(UserRejectedRequestError);
  expect(await getGrantedExecutionPermissions(dapp)).toEqual([]);
});
