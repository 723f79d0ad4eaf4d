import { afterEach, beforeEach, vi } from "vitest";

const methods = ["log", "info", "warn", "error", "debug", "trace", "dir"] as const;

/** What the tests of a file write to the console, which does not show it; forgotten before each. */
export function catchLogs(): readonly unknown[] {
  const logged: unknown[] = [];
  beforeEach(() => {
    logged.length = 0;
    for (const method of methods)
      vi.spyOn(console, method).mockImplementation((...words: unknown[]) => void logged.push(...words));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return logged;
}
