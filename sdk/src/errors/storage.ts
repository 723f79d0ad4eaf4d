import type { Hex } from "viem";
import { getCode } from "../storage/getCode.js";
import { LatchkeyError } from "./base.js";

/** Storage that was asked for, or chosen by default, is not there in this environment. */
export class StorageUnavailableError extends LatchkeyError {
  readonly kind: string;
  constructor({ kind, reason, cause }: { kind: string; reason: string; cause?: unknown }) {
    super("StorageUnavailableError", `There is no ${kind} storage here: ${reason}.`, { cause });
    this.kind = kind;
  }
}

/** The system refused to read or write: permissions, a full disk, a lost connection. */
export class StorageAccessError extends LatchkeyError {
  readonly location: string;
  readonly operation: string;
  readonly systemCode: string | undefined;
  constructor({ location, operation, cause }: { location: string; operation: string; cause: unknown }) {
    const code = getCode(cause);
    super("StorageAccessError", `The storage could not ${operation}.`, {
      cause,
      facts: [`Where: ${location}`, ...(code === undefined ? [] : [`Code: ${code}`])],
    });
    this.location = location;
    this.operation = operation;
    this.systemCode = code;
  }
}

/** There is no room for an entry; what was stored before is still there. */
export class StorageQuotaError extends LatchkeyError {
  readonly location: string;
  constructor({ location, length, cause }: { location: string; length: number; cause?: unknown }) {
    super("StorageQuotaError", "The storage has no room for an entry.", {
      cause,
      facts: [`Where: ${location}`, `Length: ${length} characters`],
    });
    this.location = location;
  }
}

/** Another process holds the lock of the storage, and did not let go of it in time. */
export class StorageLockedError extends LatchkeyError {
  readonly location: string;
  constructor({ location, holder, waited }: { location: string; holder: string; waited: number }) {
    super("StorageLockedError", "Another process is writing to the storage and does not finish.", {
      facts: [`Lock: ${location}`, `Held by: ${holder}`, `Waited: ${waited} ms`],
    });
    this.location = location;
  }
}

/** Others changed an entry so often that no update came through. */
export class StorageConflictError extends LatchkeyError {
  readonly location: string;
  readonly attempts: number;
  constructor({ location, attempts }: { location: string; attempts: number }) {
    super("StorageConflictError", "An entry was changed by others each time it was to be updated.", {
      facts: [`Where: ${location}`, `Attempts: ${attempts}`],
    });
    this.location = location;
    this.attempts = attempts;
  }
}

/** An entry is damaged, for example cut short. It is left as it is. */
export class StorageCorruptedError extends LatchkeyError {
  readonly location: string;
  readonly reason: string;
  constructor({ location, reason, cause }: { location: string; reason: string; cause?: unknown }) {
    super("StorageCorruptedError", "A stored entry is damaged; it was left as it is.", {
      cause,
      facts: [`Where: ${location}`, `Reason: ${reason}`],
    });
    this.location = location;
    this.reason = reason;
  }
}

/** Where an entry should be is something that this package did not write. It is left as it is. */
export class StorageForeignError extends LatchkeyError {
  readonly location: string;
  constructor({ location, expected }: { location: string; expected: string }) {
    super("StorageForeignError", "A stored entry is of something else; it was left as it is.", {
      facts: [`Where: ${location}`, `Expected: an entry of the format "${expected}"`],
    });
    this.location = location;
  }
}

/** An entry has a version that this package does not know, for example because a later one wrote it. It is left as it is. */
export class StorageVersionError extends LatchkeyError {
  readonly location: string;
  readonly supported: number;
  constructor({ location, actual, supported }: { location: string; actual: unknown; supported: number }) {
    super("StorageVersionError", "A stored entry has an unknown version; it was left as it is.", {
      facts: [
        `Where: ${location}`,
        `Supported: ${supported}`,
        `Actual: ${typeof actual === "number" ? actual : typeof actual}`,
      ],
    });
    this.location = location;
    this.supported = supported;
  }
}

/** There is no record of a session in the storage. */
export class SessionRecordNotFoundError extends LatchkeyError {
  readonly id: Hex;
  constructor({ id, chainId, location }: { id: Hex; chainId?: number | undefined; location: string }) {
    super("SessionRecordNotFoundError", "The session is not in the storage.", {
      facts: [`Session: ${id}`, ...(chainId === undefined ? [] : [`Chain: ${chainId}`]), `Where: ${location}`],
    });
    this.id = id;
  }
}

/** There is no key of that name in the storage. */
export class SessionKeyNotFoundError extends LatchkeyError {
  readonly sessionKey: Hex;
  constructor({ sessionKey, location }: { sessionKey: Hex; location: string }) {
    super("SessionKeyNotFoundError", "The session key is not in the storage.", {
      facts: [`Session key: ${sessionKey}`, `Where: ${location}`],
    });
    this.sessionKey = sessionKey;
  }
}

/** A key cannot be kept safely in this storage, or nothing was given to encrypt it with. */
export class SessionKeyNotStorableError extends LatchkeyError {
  readonly sessionKey: Hex;
  constructor({ sessionKey, reason }: { sessionKey: Hex; reason: string }) {
    super("SessionKeyNotStorableError", `The session key cannot be stored: ${reason}.`, {
      facts: [`Session key: ${sessionKey}`],
    });
    this.sessionKey = sessionKey;
  }
}

/** A secret cannot be decrypted: the passphrase or key is another one, or the entry was altered. */
export class DecryptionFailedError extends LatchkeyError {
  readonly location: string;
  constructor({ location, reason }: { location: string; reason: string }) {
    // No cause: nothing of what was decrypted, or tried, belongs in an error.
    super("DecryptionFailedError", "The secret cannot be decrypted.", {
      facts: [`Where: ${location}`, `Reason: ${reason}`],
    });
    this.location = location;
  }
}
