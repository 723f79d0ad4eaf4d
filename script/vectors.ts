// Writes test/vectors/differential.json: random sessions and operations, and what the SDK says of them, which forge
// compares with the contracts (test/unit/Differential.t.sol). See --help.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { countCodes, createVectors, formatVectors } from "../sdk/test/differential/vectors.ts";

const usage = `Usage: npm run vectors -- [options]

Writes random sessions and operations with what the SDK's offline check says of them.

  --seed N     where the random choices start (default: 1)
  --runs N     how many sessions (default: 1400)
  --out FILE   where to write them (default: test/vectors/differential.json)
  --check      write nothing; exit with 1 if the file would change
  --help       show this text

Others than the committed ones: npm run vectors -- --seed 7 --out out/vectors.json, and then
VECTORS=out/vectors.json node script/foundry.js forge test --match-contract Differential
`;

const home = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "1400" },
    out: { type: "string", default: join(home, "test", "vectors", "differential.json") },
    check: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const [seed, runs] = [Number(values.seed), Number(values.runs)];
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(runs) || runs < 1) {
  process.stderr.write("--seed and --runs are whole numbers\n");
  process.exit(2);
}

const vectors = createVectors({ seed, runs });
const text = formatVectors(vectors);
if (!values.check) {
  writeFileSync(values.out, text);
  for (const [code, count] of Object.entries(countCodes(vectors)))
    process.stdout.write(`${String(count).padStart(6)} ${code}\n`);
} else if (readFileSync(values.out, "utf8") !== text) {
  process.stderr.write(`${values.out} is not up to date: run \`npm run vectors\`\n`);
  process.exitCode = 1;
}
