import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      "sdk",
      "node",
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: "test/e2e/harness/vitest.ts",
          // One chain and one clock for all: a file that moves the time must not do so under another.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
