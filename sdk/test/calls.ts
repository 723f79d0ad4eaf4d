import { encodeFunctionData, type Hex } from "viem";
import type { SessionState } from "../src/index.js";
import { erc20Abi, recipient, token } from "./fixtures.js";

/** A second in which the session of the fixtures may act. */
export const at = 1_900_000_000;

/** The calldata of a transfer. */
export const transfer = (to: Hex, amount: bigint): Hex =>
  encodeFunctionData({ abi: erc20Abi, functionName: "transfer", args: [to, amount] });

/** A call that the session of the fixtures allows. */
export const good = { to: token, value: 0n, data: transfer(recipient, 10n) } as const;

/** The state of a session that has been granted, and has spent nothing. */
export const inOrder = {
  installed: true,
  epoch: 0n,
  status: "granted",
  budgets: {},
  modules: [],
} as const satisfies SessionState;
