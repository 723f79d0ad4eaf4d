// Every entry of the package, by its name, in plain Node.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { check } from "./check.js";

const manifest = createRequire(import.meta.url).resolve("latchkey/package.json");
const { exports } = JSON.parse(readFileSync(manifest, "utf8"));
const entries = {};
for (const name of Object.keys(exports)) {
  if (name.endsWith(".json")) continue;
  const entry = await import(`latchkey${name.slice(1)}`);
  entries[name] = Object.keys(entry).length > 0;
}
process.stdout.write(`${JSON.stringify({ ...(await check()), ...entries })}\n`);
