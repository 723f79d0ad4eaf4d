import {
  type Address,
  concat,
  decodeAbiParameters,
  encodeAbiParameters,
  encodeFunctionData,
  encodePacked,
  getAddress,
  type Hex,
  hexToBigInt,
  numberToHex,
  pad,
  parseAbi,
  parseAbiParameters,
  size,
  slice,
  zeroAddress,
} from "viem";
import { ForbiddenTargetError } from "../errors/input.js";
import {
  EmptyBatchError,
  FunctionNotExecuteError,
  ModeNotAllowedError,
  NonCanonicalExecutionError,
} from "../errors/manager.js";
import { parseAddress, parseAmount, parseBytes } from "../utils/validate.js";

/** A call that an account is to make. */
export type Call = {
  readonly to: Address;
  /** In wei. */
  readonly value: bigint;
  readonly data: Hex;
};

const abi = parseAbi(["function execute(bytes32 mode, bytes executionCalldata)"]);
const batchParameters = parseAbiParameters(["(address to, uint256 value, bytes data)[]"]);
/** Of `execute`: the one function of an account that a session key may have called. */
export const executeSelector = "0xe9ae5c53";
const executeUserOpSelector = "0x8dd7712f";

const singleMode: Hex = pad("0x", { size: 32 });
const batchMode: Hex = pad("0x01", { size: 32, dir: "right" });

/**
 * Encodes calls as the one form of ERC-7579's `execute` that a session key may use: a single call, or a batch, in the
 * default mode, in which a call that reverts undoes the others.
 *
 * @param calls At least one.
 * @returns The operation's callData.
 * @throws EmptyBatchError; ForbiddenTargetError if a target is zero; InvalidAddressError, InvalidAmountError,
 * InvalidBytesError.
 *
 * @example
 * import { encodeExecution } from "latchkey";
 *
 * const callData = encodeExecution([
 *   { to: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", value: 1n },
 * ]);
 */
export function encodeExecution(
  calls: readonly { to: Address; value?: bigint | undefined; data?: Hex | undefined }[],
): Hex {
  const checked = calls.map(({ to, value = 0n, data = "0x" }, index) => {
    const target = parseAddress(`calls[${index}].to`, to);
    if (target === zeroAddress) throw new ForbiddenTargetError({ target, reason: "it is zero" });
    return {
      to: target,
      value: parseAmount(`calls[${index}].value`, value, 2n ** 256n - 1n),
      data: parseBytes(`calls[${index}].data`, data),
    };
  });
  const [first, ...others] = checked;
  if (first === undefined) throw new EmptyBatchError();
  return encodeFunctionData({
    abi,
    functionName: "execute",
    args:
      others.length === 0
        ? [singleMode, encodePacked(["address", "uint256", "bytes"], [first.to, first.value, first.data])]
        : [batchMode, encodeAbiParameters(batchParameters, [checked])],
  });
}

/**
 * Reads the calls from an operation's callData, if it is in the one form that a session key may use.
 *
 * @param callData `execute(bytes32,bytes)`, or the selector of `executeUserOp` followed by that.
 * @returns The calls.
 * @throws FunctionNotExecuteError, ModeNotAllowedError, NonCanonicalExecutionError, EmptyBatchError.
 *
 * @example
 * import { decodeExecution, encodeExecution } from "latchkey";
 *
 * const calls = decodeExecution(
 *   encodeExecution([{ to: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", value: 1n }]),
 * );
 */
export function decodeExecution(callData: Hex): readonly Call[] {
  if (size(callData) < 4) throw new FunctionNotExecuteError({ selector: callData });
  const wrapped = slice(callData, 0, 4) === executeUserOpSelector && size(callData) >= 8;
  const inner = wrapped ? slice(callData, 4) : callData;
  const selector = slice(inner, 0, 4);
  if (selector !== executeSelector) throw new FunctionNotExecuteError({ selector });
  const start = wrapped ? 8 : 4;
  if (size(inner) < 100) throw new NonCanonicalExecutionError({ position: start });
  const mode = slice(inner, 4, 36);
  if (mode !== singleMode && mode !== batchMode) throw new ModeNotAllowedError({ mode });
  const length = hexToBigInt(slice(inner, 68, 100));
  if (length > BigInt(size(inner) - 100)) throw new NonCanonicalExecutionError({ position: start + 64 });
  const execution = length === 0n ? "0x" : slice(inner, 100, 100 + Number(length));
  const calls = mode === singleMode ? [decodeSingle(execution, start + 96)] : decodeBatch(execution, start + 96);
  const [first] = calls;
  if (first === undefined) throw new EmptyBatchError();
  const canonical = encodeFunctionData({
    abi,
    functionName: "execute",
    args: [
      mode,
      mode === singleMode
        ? concat([first.to, numberToHex(first.value, { size: 32 }), first.data])
        : encodeAbiParameters(batchParameters, [calls]),
    ],
  });
  checkCanonical(inner, canonical, start - 4);
  return calls;
}

function decodeSingle(execution: Hex, position: number): Call {
  if (size(execution) < 52) throw new NonCanonicalExecutionError({ position });
  return {
    to: getAddress(slice(execution, 0, 20)),
    value: hexToBigInt(slice(execution, 20, 52)),
    data: size(execution) > 52 ? slice(execution, 52) : "0x",
  };
}

function decodeBatch(execution: Hex, position: number): readonly Call[] {
  try {
    return decodeAbiParameters(batchParameters, execution)[0];
  } catch {
    throw new NonCanonicalExecutionError({ position });
  }
}

function checkCanonical(inner: Hex, canonical: Hex, start: number): void {
  const [actual, expected] = [inner.toLowerCase(), canonical.toLowerCase()];
  if (actual === expected) return;
  if (actual.startsWith(expected))
    throw new NonCanonicalExecutionError({
      position: start + size(canonical),
      surplus: slice(inner, size(canonical)),
    });
  let index = 2;
  while (actual[index] === expected[index]) index++;
  throw new NonCanonicalExecutionError({ position: start + (index >> 1) - 1 });
}
