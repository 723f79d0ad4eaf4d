import { defineConfig } from "@wagmi/cli";
import { foundry } from "@wagmi/cli/plugins";

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
        return contracts
          .map((contract) => ({ ...contract, name: contract.name.slice(1) }))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      },
    },
  ],
});
