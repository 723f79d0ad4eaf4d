import { defineConfig } from "@wagmi/cli";
import { foundry } from "@wagmi/cli/plugins";
import type { Abi } from "viem";

// The compiled interfaces whose ABIs the SDK needs; `forge build` comes first.
const interfaces = [
  "IABIRulePolicy",
  "IERC20LimitPolicy",
  "IGasLimitPolicy",
  "INativeLimitPolicy",
  "ISessionKeyManager",
  "ISignatureChecker",
  "ITypedDataPolicy",
  "IUsageLimitPolicy",
];

// What using a session needs of the manager: bundlers of web applications do not take single items out of an ABI.
const needed = ["hashSession", "isInitialized", "revokeSessions", "sessionStatus"];

/** An ABI without the names that types have in Solidity, which nothing here reads. */
const withoutInternalTypes = (abi: Abi): Abi =>
  JSON.parse(JSON.stringify(abi, (key, value) => (key === "internalType" ? undefined : value)));

const artifacts = foundry({
  artifacts: "out",
  forge: { build: false, rebuild: false },
  include: interfaces.map((name) => `${name}.sol/${name}.json`),
});

export default defineConfig({
  out: "sdk/src/generated.ts",
  plugins: [
    {
      name: "Foundry",
      async contracts() {
        const contracts = (await artifacts.contracts?.()) ?? [];
        const named = contracts.map(({ name, abi }) => ({ name: name.slice(1), abi: withoutInternalTypes(abi) }));
        const parts = named
          .filter(({ name }) => name === "SessionKeyManager")
          .map(({ abi }) => ({
            name: "SessionKeyManagerUse",
            abi: abi.filter((item) => item.type === "function" && needed.includes(item.name)),
          }));
        return [...named, ...parts].sort((a, b) => (a.name < b.name ? -1 : 1));
      },
    },
  ],
});
