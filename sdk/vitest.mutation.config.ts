// @ts-nocheck
import { defineConfig } from "vitest/config";

/** What `npm run mutate:sdk` runs: tests of what it changes, without those that cannot run in a worker or take their time. */
export default defineConfig({
  test: {
    name: "sdk",
    include: [
      "src/{accounts,distributed,keys,policies,session,use,utils}/**/*.test.ts",
      "src/storage/{adapters,record,refreshSessions,refusals,sessionKeys,sessionStore}.test.ts",
      "test/secrets.test.ts",
      "test/differential/*.test.ts",
    ],
    exclude: ["src/session/sessionTree.test.ts"],
    testTimeout: 120_000,
  },
});
