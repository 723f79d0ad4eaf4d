import type { Address, Hex } from "viem";
import { LatchkeyError } from "../errors/base.js";

/** A permission request or response is not what ERC-7715 says, or a part of it is out of range. */
export class InvalidPermissionError extends LatchkeyError {
  /** Invalid params, in JSON-RPC. */
  readonly rpcCode = -32602;
  /** Which part of it. */
  readonly path: string;
  constructor({ path, reason, cause }: { path: string; reason: string; cause?: unknown }) {
    super("InvalidPermissionError", `\`${path}\` of the permission is not what it must be.`, {
      cause,
      facts: [`Reason: ${reason}`],
    });
    this.path = path;
  }
}

/** A permission is of a type, has a rule or is for a chain that no session can express exactly. */
export class PermissionNotSupportedError extends LatchkeyError {
  /** Not supported, in EIP-1193. */
  readonly rpcCode = 4200;
  constructor({ what, available }: { what: string; available: readonly string[] }) {
    super("PermissionNotSupportedError", `${what} is not supported.`, {
      facts: [`Supported: ${available.join(", ") || "none"}`],
    });
  }
}

/** The owner did not allow the permissions that were asked for. */
export class PermissionDeniedError extends LatchkeyError {
  /** Rejected by the user, in EIP-1193. */
  readonly rpcCode = 4001;
  constructor({ cause }: { cause?: unknown } = {}) {
    super("PermissionDeniedError", "The owner did not allow the permissions.", { cause });
  }
}

/** A permission was asked of an account that the wallet does not have. */
export class PermissionAccountError extends LatchkeyError {
  /** Not authorized, in EIP-1193. */
  readonly rpcCode = 4100;
  constructor({ from, account }: { from: Address; account: Address }) {
    super("PermissionAccountError", "The permission is asked of another account.", {
      facts: [`Asked of: ${from}`, `Account: ${account}`],
    });
  }
}

/** A permission's context is not one that this package made, or does not go with the rest of the permission. */
export class InvalidPermissionContextError extends LatchkeyError {
  readonly rpcCode = -32602;
  constructor({ reason, cause }: { reason: string; cause?: unknown }) {
    super("InvalidPermissionContextError", "The permission's context cannot be used.", {
      cause,
      facts: [`Reason: ${reason}`],
    });
  }
}

/** The wallet has no permission with a context, so that it cannot be revoked. */
export class PermissionUnknownError extends LatchkeyError {
  readonly rpcCode = -32602;
  constructor({ context }: { context: Hex }) {
    super("PermissionUnknownError", "There is no such permission.", {
      facts: [`Context: ${context.length > 44 ? `${context.slice(0, 41)}...` : context}`],
    });
  }
}
