import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  allowedLicences,
  auditLockfile,
  type LockedPackage,
  type Lockfile,
  readRegistryReport,
} from "../../script/audit.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const fine: LockedPackage = { version: "1.0.0", license: "MIT", integrity: "sha512-AA==" };

/** A workspace that needs a package, and a tool for development. */
function lockfile(changes: Readonly<Record<string, LockedPackage>> = {}): Lockfile {
  return {
    packages: {
      "": {},
      sdk: { dependencies: { needed: "1" }, peerDependencies: { peer: "1" } },
      "node_modules/sdk": { link: true, resolved: "sdk" },
      "node_modules/needed": fine,
      "node_modules/peer": fine,
      "node_modules/tool": { ...fine, dev: true },
      ...changes,
    },
  };
}

const faultsOf = (changes: Readonly<Record<string, LockedPackage>>) => auditLockfile(lockfile(changes), ["sdk"]).faults;

describe("auditLockfile", () => {
  it("finds nothing wrong where nothing is", () => {
    expect(auditLockfile(lockfile(), ["sdk"])).toEqual({
      packages: 3,
      production: ["node_modules/needed", "node_modules/peer"],
      licences: { MIT: 2 },
      copyleftInDevelopment: [],
      optionalWithoutIntegrity: [],
      scriptsNotNeeded: [],
      faults: [],
    });
  });

  it("wants a checksum by SHA-512 of everything but optional tools", () => {
    const { integrity: _, ...unpinned } = fine;
    expect(faultsOf({ "node_modules/needed": unpinned })).toEqual(["node_modules/needed has no checksum"]);
    expect(faultsOf({ "node_modules/tool": { ...unpinned, dev: true } })).toEqual([
      "node_modules/tool has no checksum",
    ]);
    expect(faultsOf({ "node_modules/needed": { ...unpinned, optional: true } })).toEqual([
      "node_modules/needed has no checksum",
    ]);
    expect(faultsOf({ "node_modules/needed": { ...fine, integrity: "sha1-AA==" } })).toEqual([
      "node_modules/needed has a checksum that is not SHA-512",
    ]);
    const report = auditLockfile(
      lockfile({ "node_modules/@tools/other": { ...unpinned, dev: true, optional: true } }),
      ["sdk"],
    );
    expect(report).toMatchObject({ optionalWithoutIntegrity: ["@tools/other"], faults: [] });
  });

  it("wants everything from a registry", () => {
    expect(
      faultsOf({ "node_modules/tool": { ...fine, dev: true, resolved: "git+ssh://git@host/tool.git#1" } }),
    ).toEqual(["node_modules/tool does not come from a registry, but from git+ssh://git@host/tool.git#1"]);
    expect(faultsOf({ "node_modules/tool": { ...fine, dev: true, resolved: "https://host/tool.tgz" } })).toEqual([]);
  });

  it("refuses install scripts, but those that are known not to be needed and those of tools", () => {
    expect(faultsOf({ "node_modules/needed": { ...fine, hasInstallScript: true } })).toEqual([
      "node_modules/needed runs a script when it is installed",
    ]);
    expect(faultsOf({ "node_modules/tool": { ...fine, dev: true, hasInstallScript: true } })).toEqual([]);
    const report = auditLockfile(
      lockfile({
        "node_modules/needed": { ...fine, dependencies: { "classic-level": "1" } },
        "node_modules/needed/node_modules/classic-level": { ...fine, hasInstallScript: true },
      }),
      ["sdk"],
    );
    expect(report).toMatchObject({
      scriptsNotNeeded: ["node_modules/needed/node_modules/classic-level"],
      faults: [],
    });
  });

  it.each([
    ["MIT", true],
    ["MIT OR GPL-3.0", true],
    ["(GPL-3.0 OR Apache-2.0)", true],
    ["MIT AND BSD-3-Clause", true],
    ["MIT AND BUSL-1.1", false],
    ["BUSL-1.1", false],
    ["(MIT OR (ISC AND BUSL-1.1)) AND BUSL-1.1", false],
    ["SEE LICENSE IN LICENSE.md", false],
  ])("takes %s for what is installed: %s", (license, isTaken) => {
    // Of the licences of which one can be chosen, the copyleft one is a fault of its own.
    const faults = faultsOf({ "node_modules/peer": { ...fine, license } }).filter((text) => !text.includes("only"));
    expect(faults).toEqual(isTaken ? [] : [`node_modules/peer is under ${license}`]);
  });

  it("refuses a package without a licence", () => {
    const { license: _, ...unlicensed } = fine;
    expect(faultsOf({ "node_modules/needed": unlicensed })).toEqual(["node_modules/needed is under no licence"]);
  });

  it.each(["GPL-3.0", "LGPL-3.0-or-later", "AGPL-3.0-only", "MPL-2.0"])("takes %s for development only", (license) => {
    expect(faultsOf({ "node_modules/other": { ...fine, license } })).toEqual([
      `node_modules/other is not for development only, and under ${license}`,
    ]);
    const report = auditLockfile(lockfile({ "node_modules/tool": { ...fine, dev: true, license } }), ["sdk"]);
    expect(report).toMatchObject({ copyleftInDevelopment: [`tool (${license})`], faults: [] });
  });

  it("follows what is optional where it is, not into peers that may be missing, and the nearest of several versions", () => {
    const { production } = auditLockfile(
      lockfile({
        "node_modules/needed": {
          ...fine,
          dependencies: { other: "2" },
          optionalDependencies: { there: "1", missing: "1" },
          peerDependencies: { tool: "1" },
          peerDependenciesMeta: { tool: { optional: true } },
        },
        "node_modules/other": fine,
        "node_modules/needed/node_modules/other": fine,
        "node_modules/there": { ...fine, optional: true },
      }),
      ["sdk"],
    );
    expect(production).toEqual([
      "node_modules/needed",
      "node_modules/needed/node_modules/other",
      "node_modules/peer",
      "node_modules/there",
    ]);
  });

  it("says what the lockfile lacks", () => {
    expect(() => auditLockfile(lockfile({ sdk: { dependencies: { gone: "1" } } }), ["sdk"])).toThrow(
      "package-lock.json has no gone, which sdk needs",
    );
  });

  it("finds nothing wrong with what is installed with the SDK and the node", () => {
    const { production, faults, licences, scriptsNotNeeded } = auditLockfile(
      JSON.parse(readFileSync(`${root}package-lock.json`, "utf8")),
      ["sdk", "node"],
    );
    expect(faults).toEqual([]);
    expect(production).toEqual(expect.arrayContaining(["node_modules/viem", "node_modules/idb-keyval"]));
    expect(allowedLicences).toEqual(expect.arrayContaining(Object.keys(licences)));
    expect(scriptsNotNeeded).toEqual(["node_modules/classic-level"]);
  });
});

describe("readRegistryReport", () => {
  it("names what is vulnerable", () => {
    expect(
      readRegistryReport(JSON.stringify({ auditReportVersion: 2, vulnerabilities: { ws: { severity: "high" } } })),
    ).toEqual({ status: "answered", vulnerable: ["ws (high)"] });
    expect(readRegistryReport('{"vulnerabilities":{}}')).toEqual({ status: "answered", vulnerable: [] });
  });

  it("does not take silence for an answer", () => {
    expect(readRegistryReport('{"message":"405 Method Not Allowed","statusCode":405}')).toEqual({
      status: "no answer",
      reason: "405 Method Not Allowed",
    });
    for (const output of ["", "null", "{}", '{"vulnerabilities":null}'])
      expect(readRegistryReport(output)).toEqual({ status: "no answer", reason: "npm printed no report" });
  });
});

describe("npm run audit", () => {
  const run = (...options: readonly string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", "script/audit.ts", ...options], { cwd: root, encoding: "utf8" });

  it("says, without the registry, that it was not asked", () => {
    const { status, stdout } = run("--offline");
    expect(stdout).toContain("registry                      not asked (--offline)");
    expect(status).toBe(0);
  });

  it("gives the report as JSON, and help", () => {
    expect(JSON.parse(run("--offline", "--json").stdout)).toMatchObject({
      faults: [],
      registry: { status: "not asked" },
    });
    expect(run("--help").stdout).toContain("--offline");
  });
});
