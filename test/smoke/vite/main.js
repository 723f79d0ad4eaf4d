// A page whose session key is P-256 in WebCrypto, cannot be exported, and is there again after a reload.
import { createP256SessionKey, toWebCryptoSessionKey } from "latchkey";
import { createSessionStore } from "latchkey/storage";
import { check } from "./check.js";

show(await run());

async function run() {
  const page = await check();
  const worker = await askWorker();
  const store = createSessionStore();
  const kept = sessionStorage.getItem("sessionKey");
  if (kept === null) {
    const key = await createP256SessionKey();
    await store.keys.save(key);
    sessionStorage.setItem("sessionKey", key.sessionKey);
    return { page, worker, adapter: store.adapter.kind, isFirst: true };
  }
  const before = await store.keys.load(kept);
  if (before.type !== "webCrypto") throw new Error(`the key is ${before.type}`);
  const signature = await before.sign(`0x${"33".repeat(32)}`, /** @type {never} */ (undefined));
  const exported = await crypto.subtle.exportKey("pkcs8", before.keyPair.privateKey).then(
    () => true,
    () => false,
  );
  const isSame = (await toWebCryptoSessionKey({ keyPair: before.keyPair })).sessionKey === before.sessionKey;
  return {
    page,
    worker,
    adapter: store.adapter.kind,
    isFirst: false,
    isSame: isSame && before.sessionKey === kept,
    signatureBytes: (signature.length - 2) / 2,
    exported,
  };
}

function askWorker() {
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
}

function show(result) {
  const output = document.querySelector("output");
  if (output) output.textContent = JSON.stringify(result);
}
