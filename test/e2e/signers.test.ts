import { webcrypto } from "node:crypto";
import { hash_to_field } from "@noble/curves/abstract/hash-to-curve";
import { p256 } from "@noble/curves/p256";
import { secp256k1 } from "@noble/curves/secp256k1";
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
  slice,
  stringToHex,
  zeroHash,
} from "viem";
import { entryPoint07Abi, toPackedUserOperation, type UserOperation } from "viem/account-abstraction";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { beforeAll, describe, expect, it } from "vitest";
import { artifactCreationCode } from "./harness/bytecode.ts";
import { deploy } from "./harness/contracts.ts";
import { forbidden, toConfig } from "./harness/forbidden.ts";
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

/**
 * What nodes with FROST(secp256k1, SHA-256) make together, made by one with the whole key: z = k + c x. The nodes themselves
 * are in distributed.test.ts.
 */
function createFrostKey(verifier: Address): SessionKey {
  const secret = secp256k1.utils.randomPrivateKey();
  const publicKey = secp256k1.getPublicKey(secret, true);
  const { n, hash } = secp256k1.CURVE;
  const tag = { DST: "FROST-secp256k1-SHA256-v1chal", p: n, m: 1, k: 128, expand: "xmd", hash } as const;
  return {
    type: "frost",
    sessionKey: concat([verifier, bytesToHex(publicKey)]).toLowerCase() as Hex,
    sign: async (digest) => {
      const nonce = secp256k1.utils.randomPrivateKey();
      const commitment = secp256k1.getPublicKey(nonce, true);
      const message = hexToBytes(concat([bytesToHex(commitment), bytesToHex(publicKey), digest]));
      const [[challenge = 0n] = []] = hash_to_field(message, 1, tag);
      const z = (BigInt(bytesToHex(nonce)) + challenge * BigInt(bytesToHex(secret))) % n;
      const point = secp256k1.getPublicKey(nonce, false).slice(1);
      return concat([bytesToHex(point), numberToHex(z, { size: 32 })]);
    },
    stubSignature: concat([
      bytesToHex(secp256k1.getPublicKey(numberToHex(1, { size: 32 }).slice(2), false).slice(1)),
      `0x${"7a".repeat(32)}`,
    ]),
  };
}

const contracts = getContracts();
type Kind = readonly [name: string, create: () => Promise<SessionKey>];

const signers: readonly Kind[] = [
  ["secp256k1", async () => createSessionKey()],
  ["P-256", async () => createP256Key(contracts.p256Verifier)],
  ["WebCrypto", () => createWebCryptoKey(contracts.webCryptoP256Verifier)],
  ["WebAuthn", () => createPasskey(contracts.webAuthnVerifier)],
  ["FROST", async () => createFrostKey(contracts.frostVerifier)],
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
    const answer = await complaint(used);
    expect(answer).toMatch(/forbidden read|accessed .*slot/);
    expect(answer.toLowerCase()).toContain(address.toLowerCase());
    await simulate(used);
  });
});

describe("a verifier that bundlers must refuse", () => {
  /** A key of a verifier that takes any signature. */
  const keyOf = async (name: string, key: Hex): Promise<SessionKey> => ({
    type: "unfit",
    sessionKey: concat([
      await deploy(world.funder, artifactCreationCode("UnfitPolicies", name)),
      key,
    ]).toLowerCase() as Hex,
    sign: async () => "0x00",
    stubSignature: "0x00",
  });

  it.each(forbidden)("uses $what ($rule): the bundler refuses it, though the chain would not", async (row) => {
    const used = await grant(await keyOf("OpcodeVerifier", await toConfig(world, row)));
    const answer = await complaint(used);
    if (typeof row.complaint === "string") expect(answer).toBe(row.complaint);
    else expect(answer).toMatch(row.complaint);
    await simulate(used);
  });

  it.each([
    ["reads", 0x5c, (at: Hex) => `unstaked account accessed ${at} slot ${zeroHash}`],
    ["writes", 0x5d, (at: Hex) => `account has forbidden read from ${at} slot ${zeroHash}`],
  ] as const)("%s transient storage that is not the account's (OP-070)", async (_, opcode, complaintAt) => {
    const key = await keyOf("OpcodeVerifier", await toConfig(world, { opcode, at: shop }));
    const used = await grant(key);
    expect(await complaint(used)).toBe(complaintAt(slice(key.sessionKey, 0, 20)));
    await simulate(used);
  });

  it("reads what a token keeps for another account: the bundler refuses it, though the chain would not", async () => {
    const other = world.funder.account.address;
    const used = await grant(await keyOf("BalanceVerifier", concat([world.contracts.token, other])));
    expect(await complaint(used)).toMatch(
      new RegExp(`^unstaked account accessed ${world.contracts.token.toLowerCase()} slot 0x[0-9a-f]{64}$`),
    );
    await simulate(used);
    // The account's own balance is the account's.
    const own = await grant(await keyOf("BalanceVerifier", concat([world.contracts.token, account.address])));
    expect((await own.use(send())).success).toBe(true);
  });
});
