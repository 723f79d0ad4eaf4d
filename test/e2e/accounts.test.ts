import {
  allowErc20,
  allowMessages,
  createSessionKey,
  type DefineSessionParameters,
  defineSession,
  explainUserOperation,
  getAccountType,
  getSessionStatus,
  getSignedGrants,
  grantSession,
  revokeOwnSession,
  signSessionGrant,
  type ToSessionAccountParameters,
  TotalLimitExceededError,
  toSessionAccount,
} from "latchkey";
import { type Hex, hashMessage, hashTypedData, numberToHex, parseAbi, parseEther } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { kindsOfAccounts } from "./harness/accounts.ts";
import { gas, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

const shop = someone(1);

describe.each(kindsOfAccounts)("$name", ({ accountType, entryPointVersion, grantPrefix, create }) => {
  let world: World;
  let account: OwnedAccount;

  beforeAll(async () => {
    world = connect();
    account = await create(world);
  });

  async function define(parameters: Partial<DefineSessionParameters> = {}) {
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

  /** The account as the session's key uses it, which knows nothing of the owner's. */
  async function connectKey(
    parameters: Pick<ToSessionAccountParameters, "session" | "sessionKey" | "grant" | "publish">,
  ) {
    const smartAccount = await toSessionAccount({ client: world.client, entryPointVersion, ...parameters });
    return { smartAccount, bundler: world.bundlerFor(smartAccount) };
  }

  const send = (amount: bigint) => tokenCall.transfer(world.contracts.token, shop, amount);

  it("is what it says it is", async () => {
    expect(await getAccountType(world.client, { account: account.address })).toBe(accountType);
  });

  it("installs the manager and grants a session, whose key acts within its limits and then revokes it", async () => {
    const { session, sessionKey } = await define();
    await grantSession(account.bundler, { session, grantPrefix: grantPrefix(world) });
    expect(await getSignedGrants(world.client, { account: account.address })).toBe(grantPrefix(world).toLowerCase());

    const { smartAccount, bundler } = await connectKey({ session, sessionKey });
    const before = await world.balanceOf(world.contracts.token, shop);
    const hash = await bundler.sendUserOperation({ calls: [send(60n)] });
    expect((await bundler.waitForUserOperationReceipt({ hash })).success).toBe(true);
    expect(await world.balanceOf(world.contracts.token, shop)).toBe(before + 60n);

    await expect(bundler.sendUserOperation({ calls: [send(41n)], ...gas })).rejects.toThrow();
    const unsigned = await smartAccount.encodeCalls([send(41n)]);
    const operation = {
      sender: account.address,
      nonce: await smartAccount.getNonce(),
      callData: unsigned,
      signature: "0x",
      ...gas,
    } as const;
    const signature = await smartAccount.signUserOperation(operation);
    const reason = await explainUserOperation(world.client, {
      userOperation: { ...operation, signature },
      entryPointVersion,
    });
    expect(reason).toBeInstanceOf(TotalLimitExceededError);

    await revokeOwnSession(bundler, { account: smartAccount });
    expect((await getSessionStatus(world.client, { session })).status).toBe("revoked");
    await expect(bundler.sendUserOperation({ calls: [send(1n)], ...gas })).rejects.toThrow();
  });

  it("takes its owner's signature in the first operation, which grants the session and acts", async () => {
    const { session, sessionKey } = await define();
    const { session: other } = await define();
    // Installs the manager, if it is not yet.
    await grantSession(account.bundler, { session: (await define()).session, grantPrefix: grantPrefix(world) });
    const grant = await signSessionGrant({ sessions: [other, session], signer: account.smartAccount });
    const { bundler } = await connectKey({ session, sessionKey, grant });
    expect((await getSessionStatus(world.client, { session })).status).toBe("none");
    for (const _ of ["with the grant", "without it"]) {
      const hash = await bundler.sendUserOperation({ calls: [send(1n)] });
      expect((await bundler.waitForUserOperationReceipt({ hash })).success).toBe(true);
    }
    expect((await getSessionStatus(world.client, { session })).status).toBe("granted");
    expect((await getSessionStatus(world.client, { session: other })).status).toBe("none");
  });

  it("signs for the account what the session's policy lets it sign", async () => {
    const domain = { name: "Game", version: "1", chainId: world.info.chainId, verifyingContract: someone(5) } as const;
    const types = {
      Move: [
        { name: "to", type: "uint8" },
        { name: "note", type: "string" },
        { name: "stake", type: "Stake" },
      ],
      Stake: [
        { name: "token", type: "address" },
        { name: "amount", type: "uint256" },
      ],
    } as const;
    const { session, sessionKey } = await define({
      signaturePolicies: [
        allowMessages([
          {
            domain,
            types,
            primaryType: "Move",
            nested: [{ parent: 0, field: 2 }],
            rules: [
              [{ word: 0, type: "uint8", comparison: "lt", references: ["0x09"] }],
              // The fields of the stake follow the three of the move.
              [{ word: 4, type: "uint256", comparison: "lte", references: [numberToHex(5, { size: 32 })] }],
            ],
          },
          { beginning: "I play " },
        ]),
      ],
    });
    await grantSession(account.bundler, { session, grantPrefix: grantPrefix(world) });
    const { smartAccount } = await connectKey({ session, sessionKey });
    const isValid = async (hash: Hex, signature: Hex): Promise<boolean> => {
      const answer = await world.client.readContract({
        account: someone(5),
        address: account.address,
        abi: parseAbi(["function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)"]),
        functionName: "isValidSignature",
        args: [hash, signature],
      });
      return answer === "0x1626ba7e";
    };
    const move = (to: number, amount: bigint) =>
      ({
        domain,
        types,
        primaryType: "Move",
        message: { to, note: "with care", stake: { token: world.contracts.token, amount } },
      }) as const;
    for (const [typedData, allowed] of [
      [move(8, 5n), true],
      [move(9, 5n), false],
      [move(8, 6n), false],
      [{ ...move(8, 5n), domain: { ...domain, name: "Other" } }, false],
    ] as const)
      expect(await isValid(hashTypedData(typedData), await smartAccount.signTypedData(typedData))).toBe(allowed);

    for (const [message, allowed] of [
      ["I play chess", true],
      ["I pay", false],
    ] as const)
      expect(await isValid(hashMessage(message), await smartAccount.signMessage({ message }))).toBe(allowed);
    const signature = await smartAccount.signTypedData(move(8, 5n));
    expect(await isValid(hashTypedData(move(7, 5n)), signature)).toBe(false);
  });
});
