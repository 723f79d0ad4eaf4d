import { webcrypto } from "node:crypto";
import { p256 } from "@noble/curves/p256";
import {
  createSessionKey,
  decodeSessionError,
  gasLimit,
  getContracts,
  type SessionKey,
  WrongSignatureError,
} from "latchkey";
import {
  type Address,
  BaseError,
  bytesToHex,
  concat,
  encodeAbiParameters,
  type Hex,
  hexToBytes,
  numberToHex,
  parseEther,
  sha256,
  stringToHex,
} from "viem";
import { entryPoint07Abi, toPackedUserOperation, type UserOperation } from "viem/account-abstraction";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { beforeAll, describe, expect, it } from "vitest";
import { artifactCreationCode } from "./harness/bytecode.ts";
import { deploy } from "./harness/contracts.ts";
import { gas, rejection, SessionWorld, someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

const shop = someone(1);
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

let world: World;
let account: OwnedAccount;

beforeAll(async () => {
  world = connect();
  account = await world.createAccount();
});

const send = (amount = 1n) => tokenCall.transfer(world.contracts.token, shop, amount);

/** r and s of a signature, with s in the lower half of its range. */
function toLowS(signature: Uint8Array): Hex {
  const s = BigInt(bytesToHex(signature.slice(32)));
  return concat([bytesToHex(signature.slice(0, 32)), numberToHex(s > order / 2n ? order - s : s, { size: 32 })]);
}

/** Bytes that are a signature in form. */
const stubPoint: Hex = `0x${"11".repeat(64)}`;

/** A key on P-256 whose holder signs digests as they are. */
function createP256Key(verifier: Address): SessionKey {
  const privateKey = p256.utils.randomPrivateKey();
  const publicKey = p256.getPublicKey(privateKey, false).slice(1);
  return {
    type: "p256",
    sessionKey: concat([verifier, bytesToHex(publicKey)]).toLowerCase() as Hex,
    sign: async (digest) => bytesToHex(p256.sign(hexToBytes(digest), privateKey, { lowS: true }).toCompactRawBytes()),
    stubSignature: stubPoint,
  };
}

async function generateWebCryptoKey() {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const { privateKey, publicKey } = await webcrypto.subtle.generateKey(algorithm, false, ["sign"]);
  const point = new Uint8Array(await webcrypto.subtle.exportKey("raw", publicKey)).slice(1);
  const sign = async (data: Hex): Promise<Hex> => {
    const signature = await webcrypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, hexToBytes(data));
    return toLowS(new Uint8Array(signature));
  };
  return { point: bytesToHex(point), sign };
}

/** A key that WebCrypto keeps, which signs the SHA-256 of digests. */
async function createWebCryptoKey(verifier: Address): Promise<SessionKey> {
  const { point, sign } = await generateWebCryptoKey();
  return {
    type: "webcrypto",
    sessionKey: concat([verifier, point]).toLowerCase() as Hex,
    sign,
    stubSignature: stubPoint,
  };
}

/** A passkey, as an authenticator with a screen lock signs with one. */
async function createPasskey(verifier: Address): Promise<SessionKey> {
  const { point, sign } = await generateWebCryptoKey();
  // The relying party, that the user was present and verified, and a counter.
  const authenticatorData = concat([sha256(stringToHex("example.org")), "0x05", "0x00000001"]);
  const typeAt = 1;
  const challengeAt = typeAt + '"type":"webauthn.get",'.length;
  const describe = (digest: Hex): Hex => {
    const challenge = Buffer.from(hexToBytes(digest)).toString("base64url");
    return stringToHex(
      `{"type":"webauthn.get","challenge":"${challenge}","origin":"https://example.org","crossOrigin":false}`,
    );
  };
  const assemble = (clientData: Hex, signature: Hex): Hex =>
    concat([
      numberToHex((authenticatorData.length - 2) / 2, { size: 2 }),
      authenticatorData,
      numberToHex((clientData.length - 2) / 2, { size: 2 }),
      clientData,
      numberToHex(typeAt, { size: 2 }),
      numberToHex(challengeAt, { size: 2 }),
      signature,
    ]);
  return {
    type: "webauthn",
    sessionKey: concat([verifier, point]).toLowerCase() as Hex,
    sign: async (digest) => {
      const clientData = describe(digest);
      return assemble(clientData, await sign(concat([authenticatorData, sha256(clientData)])));
    },
    stubSignature: assemble(describe(`0x${"ab".repeat(32)}`), stubPoint),
  };
}

/** A contract that signs what a key signs. */
async function createContractKey(verifier: Address): Promise<SessionKey> {
  const signer = createSessionKey();
  const code = artifactCreationCode("FixedSigner");
  const contract = await deploy(
    world.funder,
    concat([code, encodeAbiParameters([{ type: "address" }], [signer.sessionKey])]),
  );
  return { ...signer, type: "erc1271", sessionKey: concat([verifier, contract]).toLowerCase() as Hex };
}

const contracts = getContracts();
type Kind = readonly [name: string, create: () => Promise<SessionKey>];

const signers: readonly Kind[] = [
  ["secp256k1", async () => createSessionKey()],
  ["P-256", async () => createP256Key(contracts.p256Verifier)],
  ["WebCrypto", () => createWebCryptoKey(contracts.webCryptoP256Verifier)],
  ["WebAuthn", () => createPasskey(contracts.webAuthnVerifier)],
  ["a contract that reads no storage", () => createContractKey(contracts.erc1271Verifier)],
];

const withPrecompile: readonly Kind[] = [
  ["P-256", async () => createP256Key(contracts.p256PrecompileVerifier)],
  ["WebCrypto", () => createWebCryptoKey(contracts.webCryptoP256PrecompileVerifier)],
  ["WebAuthn", () => createPasskey(contracts.webAuthnPrecompileVerifier)],
];

function grant(sessionKey: SessionKey): Promise<SessionWorld> {
  const operationPolicies = [gasLimit({ total: parseEther("0.1") })];
  return SessionWorld.grant(world, account, { operationPolicies }, sessionKey);
}

// Anvil traces the P-256 arithmetic step by step.
const slow = 300_000;

describe.each(signers)("a session key of the kind %s", (_, create) => {
  it("passes the bundler's safe mode, estimated with a stub as long as its signatures", { timeout: slow }, async () => {
    const used = await grant(await create());
    const smartAccount = await used.smartAccount();
    const bundler = world.bundlerFor(smartAccount);
    const estimate = await bundler.estimateUserOperationGas({ calls: [send()] });
    // A passkey signs the digest itself, which a stub cannot have in it: the verifier refuses one before it costs much. Of
    // the others twice as much gas as estimated: with less, Anvil's tracer sees some run out of it.
    const passkey = used.sessionKey.type === "webauthn";
    const verificationGasLimit = passkey ? 2_000_000n : 2n * estimate.verificationGasLimit;
    const hash = await bundler.sendUserOperation({ calls: [send()], ...estimate, verificationGasLimit });
    const receipt = await bundler.waitForUserOperationReceipt({ hash, timeout: slow });
    expect(receipt.success).toBe(true);
    const callData = await smartAccount.encodeCalls([send()]);
    const operation = { sender: account.address, nonce: await smartAccount.getNonce(), callData, ...gas };
    const stub = await smartAccount.getStubSignature(operation);
    const signature = await smartAccount.signUserOperation({ ...operation, signature: "0x" });
    expect(signature.length).toBe(stub.length);
  });

  it("is refused if another of its kind signed", { timeout: slow }, async () => {
    const [used, other] = [await grant(await create()), await create()];
    const thief = { ...other, sessionKey: used.session.sessionKey };
    await simulate(used);
    const error = await rejection(simulate(used, thief));
    expect(decodeSessionError(error)).toBeInstanceOf(WrongSignatureError);
  });
});

/** Has the chain judge an operation, whatever a bundler would say. */
async function simulate(used: SessionWorld, sessionKey = used.sessionKey): Promise<void> {
  const smartAccount = await used.smartAccount({ sessionKey });
  const nonce = await smartAccount.getNonce();
  const unsigned = { sender: account.address, nonce, callData: await smartAccount.encodeCalls([send()]), ...gas };
  const userOperation: UserOperation<"0.7"> = {
    ...unsigned,
    signature: await smartAccount.signUserOperation({ ...unsigned, signature: "0x" }),
  };
  await world.client.simulateContract({
    address: world.contracts.entryPoint,
    abi: entryPoint07Abi,
    functionName: "handleOps",
    args: [[toPackedUserOperation(userOperation)], world.funder.account.address],
    account: world.funder.account,
  });
}

async function complaint(used: SessionWorld): Promise<string> {
  const bundler = world.bundlerFor(await used.smartAccount());
  const error = await rejection(bundler.sendUserOperation({ calls: [send()], ...gas }));
  return error instanceof BaseError ? error.details : String(error);
}

describe.each(withPrecompile)("a session key of the kind %s, verified by the precompile", (_, create) => {
  it("is refused by a bundler whose tracer does not know the precompile, and taken by the chain", async () => {
    const used = await grant(await create());
    expect(await complaint(used)).toContain(
      "accesses un-deployed contract address 0x0000000000000000000000000000000000000100",
    );
    await simulate(used);
  });
});

describe("a session key that is a contract", () => {
  it("is refused by bundlers if the contract reads storage of its own, and taken by the chain", async () => {
    const owner = privateKeyToAccount(generatePrivateKey());
    const { address } = await world.createAccount(owner);
    const used = await grant({
      type: "erc1271",
      sessionKey: concat([contracts.erc1271Verifier, address]).toLowerCase() as Hex,
      sign: async (digest) => concat([world.contracts.ownerValidator, await owner.sign({ hash: digest })]),
      stubSignature: concat([world.contracts.ownerValidator, stubPoint, "0x1b"]),
    });
    expect(await complaint(used)).toMatch(/forbidden read|accessed .*slot/);
    await simulate(used);
  });
});
