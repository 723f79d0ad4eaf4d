import { type Address, type Hex, hexToBigInt, numberToHex } from "viem";
import type { UserOperation } from "viem/account-abstraction";
import type { OperationToSign } from "../keys/sessionKey.js";
import { parseSession, serializeSession } from "../session/serializeSession.js";
import type { Session } from "../types.js";
import { parseAddress, parseBytes } from "../utils/validate.js";
import { type DistributedConsent, parseConsent, type SignedDistributedConsent } from "./consent.js";
import { asFields, asHex, asNumber, asString, MalformedMessageError } from "./messages.js";

/** A consent as JSON has it. */
export function toWireConsent({ consent, signature }: SignedDistributedConsent) {
  const { chainId } = consent;
  return { consent: { ...consent, chainId: chainId.toString() }, signature: parseBytes("signature", signature) };
}

/** @throws LatchkeyError, MalformedMessageError */
export function parseWireConsent(value: unknown): SignedDistributedConsent {
  const fields = asFields("consent", value);
  const consent = asFields("consent", fields["consent"]);
  const chainId = asString("chainId", consent["chainId"]);
  if (!/^[1-9]\d{0,18}$/.test(chainId)) throw new MalformedMessageError("chainId is no chain id");
  const parsed: DistributedConsent = parseConsent({ ...consent, chainId: BigInt(chainId) });
  return { consent: parsed, signature: asHex("signature", fields["signature"]) };
}

/** The operation that nodes are shown when they shall sign its use. */
export type WireOperation = {
  readonly chainId: number;
  readonly entryPoint: Address;
  readonly version: "0.7" | "0.8";
  readonly session: Session;
  /** The operation's signature up to the session key's own. */
  readonly use: Hex;
  readonly userOperation: UserOperation<"0.7">;
};

const numbers = [
  "nonce",
  "callGasLimit",
  "verificationGasLimit",
  "preVerificationGas",
  "maxFeePerGas",
  "maxPriorityFeePerGas",
  "paymasterVerificationGasLimit",
  "paymasterPostOpGasLimit",
] as const;

/** An operation as JSON has it. */
export function toWireOperation({ chainId, entryPoint, session, use, userOperation }: OperationToSign) {
  const { sender, callData, factory, factoryData, paymaster, paymasterData } = userOperation;
  return {
    chainId,
    entryPoint: entryPoint.address,
    version: entryPoint.version,
    session: serializeSession(session),
    use,
    userOperation: {
      sender,
      callData,
      factory,
      factoryData,
      paymaster,
      paymasterData,
      ...Object.fromEntries(
        numbers.flatMap((name) => {
          const value = userOperation[name];
          return value === undefined ? [] : [[name, numberToHex(value)]];
        }),
      ),
    },
  };
}

/** @throws LatchkeyError, MalformedMessageError */
export function parseWireOperation(value: unknown): WireOperation {
  const fields = asFields("operation", value);
  const operation = asFields("userOperation", fields["userOperation"]);
  const version = fields["version"];
  if (version !== "0.7" && version !== "0.8") throw new MalformedMessageError("version is neither 0.7 nor 0.8");
  const bigint = (name: string): bigint => {
    const hex = operation[name];
    // The nonce and what is paid before verification have 256 bits in an operation, everything else 128.
    const bits = name === "nonce" || name === "preVerificationGas" ? 256 : 128;
    if (typeof hex !== "string" || !/^0x[0-9a-f]{1,64}$/.test(hex) || hexToBigInt(`0x${hex.slice(2)}`) >> BigInt(bits))
      throw new MalformedMessageError(`${name} is no number of ${bits} bits in hex`);
    return hexToBigInt(`0x${hex.slice(2)}`);
  };
  const optional = <value>(name: string, read: (name: string) => value): { [key: string]: value } =>
    operation[name] === undefined ? {} : { [name]: read(name) };
  const address = (name: string) => parseAddress(name, operation[name]);
  const bytes = (name: string) => asHex(name, lowerCase(operation[name]));
  return {
    chainId: asNumber("chainId", fields["chainId"]),
    entryPoint: parseAddress("entryPoint", fields["entryPoint"]),
    version,
    session: parseSession(asString("session", fields["session"])),
    use: asHex("use", lowerCase(fields["use"])),
    userOperation: {
      sender: address("sender"),
      nonce: bigint("nonce"),
      callData: bytes("callData"),
      callGasLimit: bigint("callGasLimit"),
      verificationGasLimit: bigint("verificationGasLimit"),
      preVerificationGas: bigint("preVerificationGas"),
      maxFeePerGas: bigint("maxFeePerGas"),
      maxPriorityFeePerGas: bigint("maxPriorityFeePerGas"),
      ...optional("factory", address),
      ...optional("factoryData", bytes),
      ...optional("paymaster", address),
      ...optional("paymasterData", bytes),
      ...optional("paymasterVerificationGasLimit", bigint),
      ...optional("paymasterPostOpGasLimit", bigint),
      signature: "0x",
    },
  };
}

function lowerCase(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}
