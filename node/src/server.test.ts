import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthorizationKey } from "latchkey/distributed";
import {
  type DistributedConsent,
  getDistributedConsentTypedData,
  getDistributedKeyId,
  getDistributedRevocationTypedData,
  openNodeMessage,
  type RequestPurpose,
  signRequest,
  toWireConsent,
} from "latchkey/distributed/protocol";
import { bytesToHex, type Hex, hashTypedData } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { passphrase, random } from "../test/group.js";
import { FakeRpc } from "../test/rpc.js";
import { parseConfig } from "./config.js";
import { type RunningNode, startNode } from "./server.js";
import { type KeyRecord, Store } from "./store.js";

const account = "0x00000000000000000000000000000000000000AA";
/** An authorisation key with which nothing is signed. */
const anyKey: Hex = `0x01${"00".repeat(32)}`;
let directory: string;
let store: Store;
let rpc: FakeRpc;
let running: RunningNode | undefined;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "latchkey-server-"));
  store = await Store.open(join(directory, "data"), passphrase);
  rpc = await FakeRpc.start({ path: "/rpc-secret" });
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  rpc.down = false;
});

afterAll(async () => {
  await store.close();
  await rpc.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function start(settings: object = {}, log = false): Promise<RunningNode> {
  const config = parseConfig({ directory: "any", port: 0, chains: { 1: rpc.url }, ...settings });
  running = await startNode(config, store, { log });
  return running;
}

/** A consent of the account that names this node and another one. */
const consentOf = (
  { node }: RunningNode,
  change: Pick<DistributedConsent, "authorizationKey"> & Partial<DistributedConsent>,
): DistributedConsent => ({
  account,
  chainId: 1n,
  nodes: [node.identity, random()].toSorted(),
  threshold: 2,
  validUntil: Math.floor(Date.now() / 1_000) + 1_000,
  salt: random(),
  ...change,
});

/** A consent that names this node, and a request that its authorisation key signed. */
async function ask(purpose: RequestPurpose, change: Partial<DistributedConsent> = {}) {
  const asked = running ?? (await start());
  const { url, node } = asked;
  const key = await createAuthorizationKey();
  const consent = consentOf(asked, { authorizationKey: key.authorizationKey, ...change });
  const body = {
    attempt: random(),
    consent: { consent: { ...consent, chainId: consent.chainId.toString() }, signature: "0x" },
  };
  const id = getDistributedKeyId(consent);
  const signed = await signRequest(key, { node: node.identity, purpose, key: id, body });
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/v1/${purpose}`, { method: "POST", headers, body: JSON.stringify(signed) });
  const { error }: { error?: { code: string; message: string } } = JSON.parse(await response.text());
  return { status: response.status, ...error };
}

describe("a request to generate a key", () => {
  it("is refused for accounts that the operator does not want", async () => {
    await start({ accounts: ["0x00000000000000000000000000000000000000bb"] });
    expect(await ask("round1")).toMatchObject({ status: 403, code: "denied" });
    await running?.stop();
    await start({ limits: { denied: [account] } });
    expect(await ask("round1")).toMatchObject({ code: "denied" });
  });

  it("is refused if the node keeps as many keys as it may, before the chain is asked", async () => {
    const full = await start({ limits: { keys: 1 } });
    const consent = consentOf(full, { authorizationKey: anyKey });
    const id = random();
    const [attempt, transcript] = [random(), random()];
    const kept: KeyRecord = { id, status: "active", consent, attempt, transcript, commitments: [], share: "0x01" };
    await store.updateKey(id, () => kept);
    rpc.down = true;
    expect(await ask("round1")).toEqual({
      status: 503,
      code: "full",
      message: "This node keeps 1 keys, and has as many.",
    });
    const list = vi.spyOn(store, "listKeys");
    const metrics = await (await fetch(`${running?.url}/metrics`)).text();
    expect(metrics).toMatch(/^latchkey_node_keys 1$/m);
    expect(list).not.toHaveBeenCalled();
    list.mockRestore();
  });

  it("is refused once the consent is over, or for nodes that this one is not of", async () => {
    await start();
    expect(await ask("round1", { validUntil: 1_000 })).toMatchObject({ code: "expired" });
    rpc.blockAge = 200;
    const ended = await ask("round1", { validUntil: Math.floor(Date.now() / 1_000) - 100 });
    rpc.blockAge = 0;
    expect(ended).toMatchObject({ code: "expired" });
    expect(await ask("round1", { nodes: [random(), random()].toSorted() })).toMatchObject({ code: "consent" });
  });

  it("is refused for a chain that the node does not look at", async () => {
    await start();
    expect(await ask("round1", { chainId: 10n })).toMatchObject({ code: "chain" });
    expect(await ask("round1", { chainId: 2n ** 63n + 1n })).toMatchObject({ code: "chain" });
  });

  it("is refused if the chain cannot be asked", async () => {
    await start({ limits: { chainTimeout: 500 } });
    rpc.down = true;
    expect(await ask("round1")).toMatchObject({ status: 503, code: "unavailable" });
  });

  it("is refused for a key that there is not", async () => {
    await start();
    expect(await ask("status")).toMatchObject({ status: 404, code: "unknown-key" });
  });
});

it("signs that it has revoked a key, so that nobody on the way can say so", async () => {
  const asked = await start();
  const { url, node } = asked;
  const owner = privateKeyToAccount(generatePrivateKey());
  const consent = consentOf(asked, { account: owner.address, authorizationKey: anyKey });
  const key = getDistributedKeyId(consent);
  const [attempt, transcript] = [random(), random()];
  const record: KeyRecord = { id: key, status: "active", consent, attempt, transcript, commitments: [], share: "0x01" };
  await store.updateKey(key, () => record);
  for (const deleteShares of [false, true]) {
    const typedData = getDistributedRevocationTypedData({ key, deleteShares });
    const body = JSON.stringify({ key, deleteShares, signature: await owner.signTypedData(typedData) });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/v1/revoke`, { method: "POST", headers, body });
    const { result } = JSON.parse(await response.text());
    expect(result).toMatchObject({ status: "revoked", share: !deleteShares });
    const expected = { type: "revoked", key, attempt: hashTypedData(typedData), from: node.identity } as const;
    expect(openNodeMessage(result.message, expected).body).toEqual({ share: !deleteShares });
  }
});

describe("a revocation of a key that has not been generated", () => {
  const owner = privateKeyToAccount(generatePrivateKey());

  async function consentTo(change: Partial<DistributedConsent> = {}) {
    const authorizationKey = await createAuthorizationKey();
    const consent = consentOf(running ?? (await start()), {
      account: owner.address,
      authorizationKey: authorizationKey.authorizationKey,
      ...change,
    });
    const signature = await owner.signTypedData(getDistributedConsentTypedData(consent));
    return { authorizationKey, key: getDistributedKeyId(consent), wire: toWireConsent({ consent, signature }) };
  }

  async function post(path: string, body: object) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${running?.url}/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const { result, error } = JSON.parse(await response.text());
    return { ...result, code: error?.code };
  }

  /** Revokes a key by its owner, or another signer, and tells the node of a consent. */
  async function revoke(key: Hex, consent?: object, signer = owner) {
    const typedData = getDistributedRevocationTypedData({ key, deleteShares: false });
    const signature = await signer.signTypedData(typedData);
    return post("revoke", { key, deleteShares: false, signature, consent });
  }

  async function request(
    purpose: RequestPurpose,
    { authorizationKey, key, wire }: Awaited<ReturnType<typeof consentTo>>,
  ) {
    const node = running?.node.identity ?? "0x";
    const body = { attempt: random(), consent: wire };
    return post(purpose, await signRequest(authorizationKey, { node, purpose, key, body }));
  }

  it("is remembered, so that it never is", async () => {
    await start();
    const consented = await consentTo();
    expect(await revoke(consented.key, consented.wire)).toMatchObject({ status: "revoked", share: false });
    expect(await request("round1", consented)).toMatchObject({ code: "revoked" });
    expect(await request("status", consented)).toMatchObject({ status: "revoked", share: false, message: null });
    await running?.stop();
    await start();
    expect(await request("round1", consented)).toMatchObject({ code: "revoked" });
    // Said again, also by who does not know of the consent.
    expect(await revoke(consented.key)).toMatchObject({ status: "revoked" });
  });

  it("stops an attempt that is under way", async () => {
    await start();
    const consented = await consentTo();
    expect(await request("round1", consented)).toMatchObject({ type: "round1" });
    expect(await revoke(consented.key)).toMatchObject({ status: "revoked" });
    expect(await request("round1", consented)).toMatchObject({ code: "revoked" });
  });

  it("is the owner's, of a key that this node would keep", async () => {
    await start();
    const [consented, another] = [await consentTo(), await consentTo()];
    const stranger = privateKeyToAccount(generatePrivateKey());
    expect(await revoke(consented.key)).toMatchObject({ code: "unknown-key" });
    expect(await revoke(consented.key, another.wire)).toMatchObject({ code: "consent" });
    expect(await revoke(consented.key, consented.wire, stranger)).toMatchObject({ code: "consent" });
    const elsewhere = await consentTo({ nodes: [random(), random()].toSorted() });
    expect(await revoke(elsewhere.key, elsewhere.wire)).toMatchObject({ code: "consent" });
    expect(await revoke(consented.key, { consent: {} })).toMatchObject({ code: "malformed" });
    expect(await store.getKey(consented.key)).toBeUndefined();
    expect(await request("round1", consented)).toMatchObject({ type: "round1" });
    await running?.stop();
    await start({ accounts: [account] });
    expect(await revoke(another.key, another.wire)).toMatchObject({ code: "denied" });
  });

  it("is refused if the node keeps as many keys as it may, and never of one that it keeps", async () => {
    await start();
    const kept = await consentTo();
    expect(await revoke(kept.key, kept.wire)).toMatchObject({ status: "revoked" });
    await running?.stop();
    await start({ limits: { keys: store.keyCount } });
    const consented = await consentTo();
    expect(await revoke(consented.key, consented.wire)).toMatchObject({ code: "full" });
    expect(await revoke(kept.key, kept.wire)).toMatchObject({ status: "revoked" });
  });
});

describe("the service", () => {
  it("is spoken to by TLS if it has a certificate, and not without", async () => {
    const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
    const { url, node } = await start({ tls: { cert, key } });
    expect(url).toMatch(/^https:/);
    const health = await new Promise<string>((resolve, reject) => {
      const sent = request(`${url}/v1/health`, { ca: readFileSync(cert) }, (response) => {
        response.setEncoding("utf8").once("data", resolve);
      });
      sent.once("error", reject).end();
    });
    expect(JSON.parse(health)).toMatchObject({ status: "ok", identity: node.identity });
    await expect(fetch(url.replace("https:", "http:"))).rejects.toThrow();
    // Nobody has vouched for the certificate.
    await expect(fetch(`${url}/v1/health`)).rejects.toThrow();
  });

  it("believes a proxy's word about an address, and not what the proxy was told", async () => {
    const { url } = await start({ trustProxy: true, limits: { requestsPerMinute: 3 } });
    const from = (addresses: string) => fetch(`${url}/v1/health`, { headers: { "x-forwarded-for": addresses } });
    const statuses: number[] = [];
    for (const told of ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"])
      statuses.push((await from(`${told}, 198.51.100.1`)).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await from("198.51.100.2")).status).toBe(200);
  });

  it("does not wait for a request that does not come", async () => {
    const { url } = await start({ limits: { requestTimeout: 500 } });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    const head = ["POST /v1/sign HTTP/1.1", "host: node", "content-type: application/json", "content-length: 1000"];
    socket.write(`${head.join("\r\n")}\r\n\r\n{`);
    socket.resume();
    await closed;
  }, 10_000);

  it.each([
    ["too large", "x".repeat(2_000), 413],
    ["no JSON", "{", 400],
    ["no request", "[]", 400],
    ["a request for nothing", "{}", 401],
  ])("refuses a body that is %s", async (_what, body, status) => {
    const { url } = await start({ limits: { bodyBytes: 1_000 } });
    const headers = { "content-type": "application/json" };
    expect((await fetch(`${url}/v1/sign`, { method: "POST", headers, body })).status).toBe(status);
  });

  it("says that it is not well when a chain cannot be reached, or is another one", async () => {
    const { url } = await start({ limits: { chainTimeout: 500 } });
    rpc.chainId = 10;
    const response = await fetch(`${url}/v1/health`);
    rpc.chainId = 1;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ status: "degraded", chains: { 1: false } });
  });

  it("writes one line a request, in which nothing is secret", async () => {
    const lines: string[] = [];
    const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      lines.push(String(chunk));
      return true;
    });
    await start({ limits: { chainTimeout: 500 } }, true);
    await ask("round1");
    rpc.down = true;
    await ask("round1");
    rpc.down = false;
    await ask("status");
    await fetch(`${running?.url}/v1/sign?in-the-query`, { headers: { authorization: "in-a-header" } });
    await running?.stop();
    write.mockRestore();
    const text = lines.join("");
    expect(text.match(/"purpose":"round1"/g)).toHaveLength(2);
    expect(text).toContain('"outcome":"unavailable"');
    const secrets = [
      passphrase,
      bytesToHex(store.identity).slice(2),
      "rpc-secret",
      account,
      "in-the-query",
      "in-a-header",
    ];
    for (const secret of secrets) expect(text.toLowerCase()).not.toContain(secret.toLowerCase());
  });
});
