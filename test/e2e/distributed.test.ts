import { getSessionStatus } from "latchkey";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DistributedSession, grantDistributed, sendWith } from "./harness/distributed.ts";
import { type NodeProcess, startNodes } from "./harness/nodes.ts";
import { someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { World } from "./harness/world.ts";

const shop = someone(1);
let world: World;
let nodes: readonly NodeProcess[];
let granted: DistributedSession;

beforeAll(async () => {
  world = connect();
  nodes = await startNodes(5, world.info);
  granted = await grantDistributed(world, {
    account: await world.createAccount(),
    nodes: nodes.map(({ info }) => info),
  });
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.remove()));
});

const send = (amount = 1n) => tokenCall.transfer(world.contracts.token, shop, amount);

describe("a key that five nodes hold", () => {
  it("is used like any other", async () => {
    expect((await getSessionStatus(world.client, granted)).effective).toBe("active");
    const { success } = await sendWith(world, granted, [send(10n)]);
    expect(success).toBe(true);
    expect(await world.balanceOf(world.contracts.token, shop)).toBe(10n);
  });
});
