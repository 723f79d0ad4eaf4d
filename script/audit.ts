// Audit of what is installed with the SDK and the node: by the lockfile, and by the registry's list of known vulnerabilities.
//
//   npm run audit -- [options]
//
//   --offline   do not ask the registry; everything else is read from package-lock.json
//   --json      the report as JSON
//   --help
//
// Exits with 1 if something is wrong, and with 2 if nothing is but the registry did not answer.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** What a lockfile says of a package. */
export type LockedPackage = {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
};

export type Lockfile = { readonly packages: Readonly<Record<string, LockedPackage>> };

export type LockfileReport = {
  /** Everything that is in the lockfile, links to workspaces left out. */
  readonly packages: number;
  /** What is installed with the workspaces, by path. */
  readonly production: readonly string[];
  /** How many of them are under each licence. */
  readonly licences: Readonly<Record<string, number>>;
  /** Under a copyleft licence, for development only. */
  readonly copyleftInDevelopment: readonly string[];
  /** Optional, for development, and without a checksum: programs for other platforms. */
  readonly optionalWithoutIntegrity: readonly string[];
  /** Those with an install script that is not needed. */
  readonly scriptsNotNeeded: readonly string[];
  /** What must not be. */
  readonly faults: readonly string[];
};

export type RegistryReport =
  | { readonly status: "not asked" }
  | { readonly status: "no answer"; readonly reason: string }
  | { readonly status: "answered"; readonly vulnerable: readonly string[] };

/** Licences that packages may have which are installed with the SDK or the node. */
export const allowedLicences: readonly string[] = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"];

/** Packages whose install script does nothing that is needed, with the reason. */
export const scriptsNotNeeded: Readonly<Record<string, string>> = {
  "classic-level": "looks for a compiled database, which the package carries for each platform",
};

const noLicence = "no licence";
const copyleft = /\b(?:A?GPL|LGPL|MPL|EUPL|EPL|CDDL|OSL|CC-BY-SA)-/;

/** Reads a lockfile: what is installed with these workspaces, and what is wrong with it. */
export function auditLockfile({ packages }: Lockfile, workspaces: readonly string[]): LockfileReport {
  const entries = Object.entries(packages).filter(([path, { link }]) => path.includes("node_modules/") && !link);
  const production = closureOf(packages, workspaces);
  const installed = production.flatMap((path): readonly (readonly [string, LockedPackage])[] => {
    const entry = packages[path];
    return entry === undefined ? [] : [[path, entry]];
  });
  const licences: Record<string, number> = {};
  for (const [, { license = noLicence }] of installed) licences[license] = (licences[license] ?? 0) + 1;
  return {
    packages: entries.length,
    production,
    licences,
    copyleftInDevelopment: entries.flatMap(([path, { dev, license = "" }]) =>
      dev === true && copyleft.test(license) ? [`${nameOf(path)} (${license})`] : [],
    ),
    optionalWithoutIntegrity: entries.flatMap(([path, { integrity, ...rest }]) =>
      integrity === undefined && isOptionalForDevelopment(rest) ? [nameOf(path)] : [],
    ),
    scriptsNotNeeded: production.filter((path) => packages[path]?.hasInstallScript && nameOf(path) in scriptsNotNeeded),
    faults: [
      ...entries.flatMap(([path, entry]) => faultsOf(entry).map((fault) => `${path} ${fault}`)),
      ...installed.flatMap(([path, entry]) =>
        faultsOfInstalled(nameOf(path), entry).map((fault) => `${path} ${fault}`),
      ),
    ],
  };
}

/** What no package may be, wherever it is used. */
function faultsOf(entry: LockedPackage): readonly string[] {
  const { integrity, resolved, dev, license = noLicence } = entry;
  const faults: string[] = [];
  if (integrity === undefined && !isOptionalForDevelopment(entry)) faults.push("has no checksum");
  if (integrity !== undefined && !integrity.startsWith("sha512-")) faults.push("has a checksum that is not SHA-512");
  if (resolved !== undefined && !resolved.startsWith("https://"))
    faults.push(`does not come from a registry, but from ${resolved}`);
  if (dev !== true && copyleft.test(license)) faults.push(`is not for development only, and under ${license}`);
  return faults;
}

/** What no package may be that is installed with the SDK or the node. */
function faultsOfInstalled(name: string, { license = noLicence, hasInstallScript }: LockedPackage): readonly string[] {
  const faults: string[] = [];
  if (!isAllowed(license)) faults.push(`is under ${license}`);
  if (hasInstallScript === true && !(name in scriptsNotNeeded)) faults.push("runs a script when it is installed");
  return faults;
}

function isOptionalForDevelopment({ dev, optional }: LockedPackage): boolean {
  return dev === true && optional === true;
}

/** Reads what `npm audit --json` printed. */
export function readRegistryReport(output: string): RegistryReport {
  let report: unknown;
  try {
    report = JSON.parse(output);
  } catch {
    return { status: "no answer", reason: "npm printed no report" };
  }
  const { vulnerabilities, message }: Record<string, unknown> = { ...Object(report) };
  if (typeof vulnerabilities !== "object" || vulnerabilities === null)
    return { status: "no answer", reason: typeof message === "string" ? message : "npm printed no report" };
  return {
    status: "answered",
    vulnerable: Object.entries(vulnerabilities).map(([name, { severity }]) => `${name} (${severity})`),
  };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}

/** Whether one may choose a licence of the list: "A OR B" takes one of them, "A AND B" both. What is nested counts as unknown. */
function isAllowed(expression: string): boolean {
  return expression
    .replace(/^\((.*)\)$/, "$1")
    .split(" OR ")
    .some((choice) => choice.split(" AND ").every((licence) => allowedLicences.includes(licence)));
}

/** All that is installed with workspaces: dependencies, those that are optional, and peers that must be there. */
function closureOf(packages: Lockfile["packages"], workspaces: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const open = [...workspaces];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const next = needsOf(packages, path).filter((need) => !found.has(need));
    for (const need of next) found.add(need);
    open.push(...next);
  }
  return [...found].sort();
}

/** What a package needs, without workspaces: those are where this began. */
function needsOf(packages: Lockfile["packages"], path: string): readonly string[] {
  const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = packages[path] ?? {};
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  const names = new Set([...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]);
  return [...names].flatMap((name) => {
    const need = resolve(packages, path, name);
    if (need === undefined && optionalDependencies?.[name] === undefined)
      throw new Error(`package-lock.json has no ${name}, which ${path} needs`);
    return need === undefined || packages[need]?.link === true ? [] : [need];
  });
}

/** Where a package finds another, as Node looks for it. */
function resolve(packages: Lockfile["packages"], from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (folder === "") return undefined;
  }
}

function main(): void {
  const { values: options } = parseArgs({
    options: {
      offline: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) {
    const text = readFileSync(fileURLToPath(import.meta.url), "utf8").split("\nimport ")[0] ?? "";
    process.stdout.write(`${text.replaceAll(/^\/\/ ?/gm, "")}\n`);
    return;
  }
  const home = fileURLToPath(new URL("..", import.meta.url));
  const lockfile: Lockfile = JSON.parse(readFileSync(`${home}package-lock.json`, "utf8"));
  const installed = auditLockfile(lockfile, ["sdk", "node"]);
  const registry: RegistryReport = options.offline
    ? { status: "not asked" }
    : readRegistryReport(
        spawnSync("npm", ["audit", "--omit=dev", "--json"], { cwd: home, encoding: "utf8", timeout: 120_000 }).stdout ??
          "",
      );
  process.stdout.write(
    options.json ? `${JSON.stringify({ ...installed, registry }, null, 2)}\n` : show(installed, registry),
  );
  const vulnerable = registry.status === "answered" && registry.vulnerable.length > 0;
  process.exitCode = installed.faults.length > 0 || vulnerable ? 1 : registry.status === "no answer" ? 2 : 0;
}

function show(installed: LockfileReport, registry: RegistryReport): string {
  const list = (words: readonly string[]) => (words.length === 0 ? "none" : words.join(", "));
  const licences = Object.entries(installed.licences).sort(([, a], [, b]) => b - a);
  const answer = {
    "not asked": () => "not asked (--offline): known vulnerabilities are not looked up",
    "no answer": () => `DID NOT ANSWER: ${registry.status === "no answer" ? registry.reason : ""}`,
    answered: () => `vulnerable: ${list(registry.status === "answered" ? registry.vulnerable : [])}`,
  }[registry.status]();
  return [
    `packages in the lockfile      ${installed.packages}`,
    `  without a checksum          ${installed.optionalWithoutIntegrity.length} programs for other platforms, for development: ${list(installed.optionalWithoutIntegrity)}`,
    `  copyleft, for development   ${list([...new Set(installed.copyleftInDevelopment)])}`,
    `installed with SDK and node   ${installed.production.length}`,
    `  licences                    ${list(licences.map(([licence, count]) => `${licence} ${count}`))}`,
    `  install scripts             ${list(installed.scriptsNotNeeded.map((path) => `${nameOf(path)}, not needed: ${scriptsNotNeeded[nameOf(path)]}`))}`,
    `registry                      ${answer}`,
    ...installed.faults.map((fault) => `FAULT: ${fault}`),
    "",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
