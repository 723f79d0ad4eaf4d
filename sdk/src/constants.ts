import type { Address, Hex } from "viem";

/** An action with this target matches every target, bar those that no session may call. */
export const anyTarget: Address = "0xFFfFfFffFFfffFFfFFfFFFFFffFFFffffFfFFFfF";

/** A session with this paymaster may use any paymaster. */
export const anyPaymaster: Address = "0xFFfFfFffFFfffFFfFFfFFFFFffFFFffffFfFFFfF";

/** An action with this selector matches every calldata of at least four bytes. */
export const anySelector: Hex = "0xffffffff";

/** An action with this selector matches empty calldata, and nothing else: a plain transfer of native currency. */
export const noCalldata: Hex = "0xfffffffe";

/** First second that is too late for any bound of a session: EntryPoint v0.9 reads bit 47 as a flag. */
export const timeLimit: number = 2 ** 47;

/** The canonical EntryPoints, v0.6 to v0.9: no session may call one. */
export const entryPoints: readonly Address[] = [
  "0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789",
  "0x0000000071727De22E5E9d8BAf0edAc6f37da032",
  "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108",
  "0x433709009B8330FDa32311DF1C2AFA402eD8D009",
];

/** What a use has in place of an action's index for a call that revokes the session itself. */
export const ownRevocationClaim: number = 255;
