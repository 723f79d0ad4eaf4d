/** Which check a request did not pass. */
export type RefusalCode =
  | "malformed"
  | "not-found"
  | "unknown-key"
  | "authorization"
  | "time"
  | "replay"
  | "consent"
  | "key-exists"
  | "attempt"
  | "message"
  | "revoked"
  | "expired"
  | "chain"
  | "entry-point"
  | "operation-hash"
  | "session"
  | "grant"
  | "window"
  | "cost"
  | "calls"
  | "validation"
  | "denied"
  | "value-per-day"
  | "rate"
  | "nonce"
  | "commitments"
  | "busy"
  | "full"
  | "unavailable";

const statuses: { readonly [code in RefusalCode]?: number } = {
  malformed: 400,
  "not-found": 404,
  "unknown-key": 404,
  authorization: 401,
  time: 401,
  replay: 401,
  "key-exists": 409,
  attempt: 409,
  message: 422,
  nonce: 409,
  rate: 429,
  busy: 503,
  full: 503,
  unavailable: 503,
};

/** Why a node does not do what it was asked. Its message goes to whoever asked, so it never holds a secret. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  /** What failed underneath, for the log. */
  readonly reason: string | undefined;
  constructor(code: RefusalCode, message: string, { reason }: { reason?: string | undefined } = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
  }

  /** The HTTP status that goes with it. */
  get status(): number {
    return statuses[this.code] ?? 403;
  }
}
