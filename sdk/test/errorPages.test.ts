// Every error has a page of its own, which shows the message as it comes: `UPDATE_ERROR_PAGES=1` writes what is shown.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { LatchkeyError, SelectorNotAllowedError } from "../src/index.js";
import { account, game, stranger, token } from "./fixtures.js";

const home = fileURLToPath(new URL("..", import.meta.url));
const pages = join(home, "docs", "errors");

const id = "0x5b1f4c9a0d6e2f3847a1b2c3d4e5f60718293a4b5c6d7e8f9012a3b4c5d6e7f8";
const other = "0x8e7d6c5b4a392817f6e5d4c3b2a1f0e9d8c7b6a5948372615f4e3d2c1b0a9f8e";
const call = { to: token, value: 0n, data: "0x095ea7b3" } as const;
const context = { id, callIndex: 0, actionIndex: 1 } as const;
const ofMessage = { context: { id, signaturePolicyIndex: 0, policy: stranger } } as const;

/** What parameters of errors are, by their names. */
const common = {
  accountEpoch: 2n,
  accountId: "example.account.1.0",
  accountType: "safe7579",
  account,
  actionIndexes: [2],
  amount: 60_000_000n,
  anchor: 1_764_547_200,
  answer: "0xffffffff",
  argument: "amountIn",
  attempts: 12,
  available: ["transfer(address,uint256)", "approve(address,uint256)"],
  bound: 1,
  call,
  callIndex: 0,
  cause: undefined,
  calldataLength: 36,
  chainId: 1n,
  claimedPeriod: 20_454n,
  claimedTime: 1_764_547_100,
  comparison: "lte",
  context,
  contract: "erc20LimitPolicy",
  curve: "secp256k1",
  digest: other,
  domainSeparator: id,
  epoch: 5n,
  fault: { position: 0, offset: 68, type: "bytes", expected: 64n, actual: 96n },
  flags: 1,
  from: stranger,
  functionName: "mint",
  group: 0,
  holder: "process 4711 on example",
  id,
  ids: [other],
  kind: "IndexedDB",
  latestPeriod: 20_455n,
  length: 20,
  limit: 50_000_000n,
  location: "/home/ada/.local/share/latchkey, entry session.1",
  maxOpCost: 10_000_000_000_000_000n,
  maxValue: 0n,
  meaning: "no calldata",
  minimum: 0,
  maximum: 281_474_976_710_655,
  missing: "bundlerClient",
  mode: `0x01010000${"00".repeat(28)}`,
  nextEpoch: 4n,
  now: 1_764_633_600,
  opCost: 12_000_000_000_000_000n,
  operation: "write",
  parameter: "maxValue",
  path: [0, 1],
  permission: "Any function of a contract",
  position: 37,
  primaryType: "Permit",
  published: other,
  reason: "it is not known",
  reasons: [],
  recipient: stranger,
  requireUserVerification: true,
  resetsAt: 1_764_720_000,
  retryAt: 1_764_633_606,
  risk: "the key may do with the contract whatever the account can, by functions that you do not know too",
  root: other,
  rule: "0x02",
  rules: 2,
  selector: "0x095ea7b3",
  sender: account,
  sessionEpoch: 1n,
  sessionKey: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
  signature: "mint(address,",
  signatures: ["mint(address)", "mint(address,uint256)"],
  spent: 45_000_000n,
  structIndex: 0,
  supported: 1,
  target: game,
  test: "value",
  time: 0,
  token,
  transactionHash: other,
  type: "uint256",
  typeHash: other,
  userOpHash: id,
  validAfter: 1_764_633_700,
  validUntil: 1_764_633_500,
  validationData: 1n,
  value: 1n,
  verifier: game,
  verifyingContract: account,
  version: "0.6",
  waited: 10_000,
  what: "messages",
  where: "args",
  word: 1,
  expected: 68,
  actual: 36,
  failures: [],
  step: "round1",
  threshold: 3,
};

const nodes = ["one", "two", "three"].map((name, index) => ({
  url: `https://${name}.example`,
  identity: `0x${`${index + 1}`.repeat(64)}`,
}));

/** Why nodes of a distributed key failed. */
const failures = [
  {
    node: nodes[0],
    kind: "refused",
    code: "calls",
    reason: "CallNotAllowedError: The session does not allow this call.",
  },
  { node: nodes[1], kind: "timeout", code: undefined, reason: "It did not answer in time." },
  { node: nodes[2], kind: "unreachable", code: undefined, reason: "It could not be connected to." },
];

/** What is otherwise for single errors. */
const special: Readonly<Record<string, Partial<Record<keyof typeof common, unknown>>>> = {
  AccountMismatchError: { expected: account, actual: stranger },
  ActionTooBroadError: {},
  ArgumentMalformedError: { type: "address", actual: other },
  ArgumentRuleNotMetError: { expected: [100n], actual: 250n },
  CallNotAllowedError: {
    cause: new SelectorNotAllowedError({ expected: "0xa9059cbb", actual: "0x095ea7b3" }),
    reasons: [new SelectorNotAllowedError({ expected: "0xa9059cbb", actual: "0x095ea7b3" })],
  },
  CalldataTooShortError: { length: 2 },
  ChainMismatchError: { expected: 1n, actual: 10n },
  ContentDiffersError: { expected: id, actual: other },
  ContentForbiddenError: { ...ofMessage, primaryType: "PermitBatch" },
  ContractNotConfiguredError: { contract: "manager" },
  ClaimedTimeTooLateError: { claimedTime: 2 ** 47 },
  DirtyAddressError: { word: 2n ** 200n + 0xabcn },
  DomainDiffersError: { expected: id, actual: other },
  ForbiddenTargetError: { reason: "it is the account itself" },
  FunctionNotPayableError: { maxValue: 1_000_000_000_000_000_000n },
  GrantPrefixMismatchError: { expected: "0x00000000000000000000000000000000000000a1", actual: `0x${"b2".repeat(21)}` },
  InvalidAbiError: { reason: "its parentheses are not closed" },
  InvalidAddressError: { parameter: "account", actual: "0x7099" },
  InvalidAmountError: { parameter: "total", actual: 50, minimum: 0n, maximum: 2n ** 108n - 1n },
  InvalidBytesError: { parameter: "salt", expected: "32 bytes of hex", actual: "0x1234" },
  InvalidChainIdError: { actual: "mainnet" },
  InvalidNumberError: { parameter: "perPeriod.period", actual: 60, minimum: 300, maximum: 4_294_967_295 },
  InvalidParameterError: { parameter: "policies", expected: "a list" },
  InvalidPermissionError: { path: "permission.data.periodAmount", reason: "it is not a number in hex" },
  InvalidPermissionContextError: { reason: "it is none of Latchkey's" },
  PermissionNotSupportedError: { what: 'The permission "native-token-stream"', available: ["native-token-periodic"] },
  PermissionUnknownError: { context: "0x1234" },
  InvalidPublicKeyError: { reason: "it is not a point of the curve" },
  InvalidRuleError: { argument: "to", type: "address", reason: "only numbers can be compared by size" },
  InvalidSerializedSessionError: { reason: "it is not JSON" },
  InvalidTimeError: { parameter: "validUntil", actual: 1_764_633_600_000 },
  MessageRuleMissingError: ofMessage,
  MissingLimitError: { available: ["perCall", "total", "perPeriod"] },
  MissingRulesError: { where: "the arguments of `transfer`" },
  MalformedKeySignatureError: { reason: "it has 71 bytes" },
  NoRuleMetError: { actual: other },
  NoSourceError: {},
  NotConvertibleError: {
    path: "rules[0].reference",
    reason: "it is no bigint from 0 up, boolean, or whole bytes of hex, at most 32",
  },
  OutsideWindowError: { validAfter: 1_764_633_600, validUntil: 1_764_719_999, now: 1_764_720_012 },
  PaymasterNotAllowedError: { expected: game, actual: stranger },
  PersonalMessageNotAllowedError: ofMessage,
  PolicyAnswerError: { length: 0 },
  RecipientNotAllowedError: { expected: [account] },
  ReservedSelectorError: { selector: "0xfffffffe" },
  RuleNotMetError: { expected: [100n], actual: 250n },
  SelectorCollisionError: {
    signatures: ["collate_propagate_storage(bytes16)", "burn(uint256)"],
    selector: "0x42966c68",
  },
  SelectorForbiddenError: { selector: "0x9517e29f" },
  SelectorNotAllowedError: { expected: "0xa9059cbb", actual: "0x095ea7b3" },
  SeparateBudgetsError: { reason: "it has two different limits" },
  SessionExpiredError: { validUntil: 1_764_633_500 },
  SessionKeyMismatchError: {
    expected: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
    actual: "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
  },
  KeyGenerationFailedError: { failures: failures.slice(1) },
  NodesMismatchError: { expected: [id, other], actual: [{ url: "https://node-1.example", identity: id }, nodes[1]] },
  NotEnoughNodesError: { failures, available: 2 },
  SessionKeyNotStorableError: {
    reason: "a private key is only kept encrypted, and the store was made without `encryption`",
  },
  SessionRecordNotFoundError: { chainId: 1 },
  SignatureLengthError: { expected: 65, actual: 64 },
  StorageAccessError: { cause: { code: "EACCES" } },
  StorageCorruptedError: { reason: "its 312 characters are not whole JSON; it may have been cut short" },
  StorageForeignError: { expected: "latchkey-session-record" },
  StorageUnavailableError: { reason: "the environment has no IndexedDB" },
  StorageVersionError: { actual: 2 },
  DecryptionFailedError: { reason: "the passphrase is another one, or the entry was altered" },
  TargetNotAllowedError: { expected: token, actual: stranger },
  TimeOutOfRangeError: { time: 2 ** 47 },
  TooManyError: { what: "actions", limit: 255, actual: 300 },
  TypedDataConfigError: ofMessage,
  TypedDataNotAllowedError: ofMessage,
  UnknownArgumentError: { argument: "reciever", available: ["receiver", "amount"] },
  UnknownParameterError: { parameter: "validTill", available: ["validAfter", "validUntil"] },
  UnknownPolicyError: { reason: "0x08c379a0" },
  UserOperationFailedError: { reason: "0x" },
  VerifierAnswerError: { length: 0 },
  WitnessLengthError: ofMessage,
  WitnessDiffersError: { ...ofMessage, expected: id, actual: other },
};

type AnyError = new (parameters: object) => LatchkeyError;

/** The errors of all entries of the package. */
async function listErrors(): Promise<readonly [string, AnyError][]> {
  const { exports }: { exports: Record<string, { default: string } | string> } = JSON.parse(
    readFileSync(join(home, "package.json"), "utf8"),
  );
  const sources = Object.values(exports).flatMap((target) =>
    typeof target === "string" ? [] : [target.default.replace("./dist/", "../src/").replace(/\.js$/, ".ts")],
  );
  const entries: object[] = await Promise.all(sources.map((source) => import(source)));
  const isError = (value: unknown): value is AnyError =>
    typeof value === "function" && value.prototype instanceof LatchkeyError;
  const errors = entries.flatMap((entry) => Object.values(entry).filter(isError));
  return [...new Map(errors.map((error) => [error.name, error]))]
    .filter(([name]) => name !== "PolicyError")
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

it("shows the message of every error on its page", async () => {
  const errors = await listErrors();
  expect(errors.length).toBeGreaterThan(130);
  for (const [name, SomeError] of errors) {
    const error = new SomeError({ ...common, ...special[name] });
    expect(error.name).toBe(name);
    expect(error.docsPath).toBe(`docs/errors/${name}.md`);
    const shown = `## What it looks like\n\n\`\`\`text\n${name}: ${error.message}\n\`\`\`\n`;
    expect(shown).not.toMatch(/undefined|\[object|NaN/);
    const path = join(pages, `${name}.md`);
    const page = readFileSync(path, "utf8");
    if (process.env["UPDATE_ERROR_PAGES"])
      writeFileSync(path, `${page.split("## What it looks like")[0]?.trimEnd()}\n\n${shown}`);
    else expect(page).toContain(shown);
    // What it is about, and what to do.
    expect(page).toMatch(
      new RegExp(`^# ${name}\n\n\\S[^]{40,}\n\n## How to mend it\n\n\\S[^]{40,}\n\n${shown.slice(0, 21)}\n`),
    );
  }
});

it("has no page without an error, and lists every page", async () => {
  const names = (await listErrors()).map(([name]) => name);
  const files = readdirSync(pages).map((file) => file.replace(/\.md$/, ""));
  expect(files.filter((file) => file !== "README").sort()).toEqual(names);
  const list = readFileSync(join(pages, "README.md"), "utf8");
  const rows = [...list.matchAll(/^\| \[(\w+)\]\((\w+)\.md\) \| \S.*\. \|$/gm)];
  expect(rows.filter(([, name, page]) => name !== page)).toEqual([]);
  expect(rows.map(([, name]) => name).sort()).toEqual(names);
});
