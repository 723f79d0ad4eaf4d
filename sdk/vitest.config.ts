import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "sdk",
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // A thousand random sessions take their time on a busy machine.
    testTimeout: 120_000,
  },
});
