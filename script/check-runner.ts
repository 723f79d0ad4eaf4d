// Proves that `npm test` notices a failing Solidity test: runs the runner on a project with a passing and a failing one.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const home = fileURLToPath(new URL("..", import.meta.url));
const tsx = createRequire(import.meta.url).resolve("tsx/cli");

const header = "// SPDX-License-Identifier: MIT\npragma solidity ^0.8.28;\n";
const passing = "function test_Passes() public pure {}";
const failing = 'function test_Fails() public pure { revert("on purpose"); }';

expect([passing], { exitCode: 0, passed: 1, failed: 0 });
expect([passing, failing], { exitCode: 1, passed: 1, failed: 1 });
expect(["this does not compile"], { exitCode: 1, passed: 0, failed: 1 });
process.stdout.write("a failing Solidity test fails the test command\n");

type Result = { exitCode: number | null; passed: number; failed: number };

function expect(tests: string[], expected: Result): void {
  const actual = run(tests);
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  throw new Error(`for ${tests.join(" ")}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

function run(tests: string[]): Result {
  const root = mkdtempSync(join(tmpdir(), "latchkey-runner-"));
  try {
    mkdirSync(join(root, "test"));
    writeFileSync(
      join(root, "foundry.toml"),
      `[profile.default]\nsolc = ${JSON.stringify(join(home, "script/solc"))}\n`,
    );
    writeFileSync(join(root, "test", "Runner.t.sol"), `${header}contract RunnerTest { ${tests.join(" ")} }\n`);
    const report = join(root, "report.json");
    const args = [tsx, join(home, "script/test.ts"), "forge", "--root", root, "--report", report];
    const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
    const counts: { passed: number; failed: number } = JSON.parse(readFileSync(report, "utf8"));
    return { exitCode: status, passed: counts.passed, failed: counts.failed };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
