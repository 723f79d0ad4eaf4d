import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "node",
    include: ["src/**/*.test.ts"],
    // To make a key of a passphrase takes its time on purpose.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
