import { hashTypedData, recoverTypedDataAddress, slice } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import { contracts, privateKey, session, stranger } from "../../test/fixtures.js";
import {
  decodeSession,
  encodeSession,
  getSessionBundleTypedData,
  getSessionId,
  hashSessionBundle,
  NoSessionsError,
  signSessionGrant,
  TooManyError,
} from "../index.js";

const owner = privateKeyToAccount(privateKey);

describe("signSessionGrant", () => {
  it("has the owner sign a bundle, and puts the prefix before it", async () => {
    const other = { ...session, chainId: 5n };
    const sessions = [session, other];
    const { ids, signature } = await signSessionGrant({ sessions, signer: owner, prefix: stranger, contracts });
    expect(ids).toEqual(sessions.map(getSessionId));
    expect(slice(signature, 0, 20)).toBe(stranger.toLowerCase());
    const typedData = getSessionBundleTypedData(sessions, contracts.manager);
    expect(await recoverTypedDataAddress({ ...typedData, signature: slice(signature, 20) })).toBe(owner.address);
    expect(hashSessionBundle(sessions, contracts.manager)).toBe(hashTypedData(typedData));
  });

  it("refuses none, and more than a grant has room for", async () => {
    await expect(signSessionGrant({ sessions: [], signer: owner, contracts })).rejects.toThrow(NoSessionsError);
    const sessions = Array.from({ length: 256 }, () => session);
    await expect(signSessionGrant({ sessions, signer: owner, contracts })).rejects.toThrow(TooManyError);
  });
});

describe("encodeSession", () => {
  it("gives bytes that are the session again", () => {
    expect(decodeSession(encodeSession(session))).toEqual(session);
  });
});
