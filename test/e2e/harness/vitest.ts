import { getContracts } from "latchkey";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { type StackInfo, startStack } from "./stack.ts";
import { World } from "./world.ts";

declare module "vitest" {
  interface ProvidedContext {
    stack: StackInfo;
  }
}

/** Vitest's global setup: one stack for all end-to-end tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startStack({ forkUrl: process.env["FORK_URL"] });
  const { manager } = getContracts();
  if (manager !== stack.info.contracts.sessionKeyManager) {
    await stack.stop();
    throw new Error(`the SDK knows the manager at another address, ${manager}: run \`npm run build\``);
  }
  project.provide("stack", stack.info);
  return () => stack.stop();
}

/** The stack that the tests run on. */
export function world(): World {
  return new World(inject("stack"));
}
