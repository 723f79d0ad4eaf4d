import "./harness/dom.ts";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { allowErc20, createSessionKey, defineSession, type Session, type SessionKey } from "latchkey";
import {
  LatchkeyProvider,
  useGrantSession,
  useRevokeAllSessions,
  useRevokeSession,
  useSendSessionCalls,
  useSession,
  useSessionAllowance,
  useSessions,
} from "latchkey/react";
import { createSessionStore, memoryAdapter } from "latchkey/storage";
import { createElement, type ReactNode } from "react";
import { http, parseEther } from "viem";
import { afterEach, beforeAll, expect, it } from "vitest";
import { createConfig, WagmiProvider } from "wagmi";
import { someone, tokenCall } from "./harness/session.ts";
import { world as connect } from "./harness/vitest.ts";
import type { OwnedAccount, World } from "./harness/world.ts";

const shop = someone(1);

let world: World;
let account: OwnedAccount;

beforeAll(async () => {
  world = connect();
  account = await world.createAccount();
});

afterEach(cleanup);

async function define(sessionKey: SessionKey): Promise<Session> {
  return defineSession({
    account: account.address,
    chainId: world.info.chainId,
    sessionKey,
    validUntil: (await world.now()) + 3_600,
    fees: { maxPerOperation: parseEther("0.1"), total: "unlimited" },
    actions: [allowErc20({ token: world.contracts.token, recipients: [shop], total: 10n })],
  });
}

/** A page on which a session can be granted, used and revoked, and which says what it shows. */
function Page({ session, sessionKey }: { session: Session; sessionKey: SessionKey }) {
  const grant = useGrantSession();
  const send = useSendSessionCalls();
  const revoke = useRevokeSession();
  const revokeAll = useRevokeAllSessions();
  const status = useSession({ session });
  const allowance = useSessionAllowance({ session });
  const sessions = useSessions({ account: session.account });
  const pay = (amount: bigint) =>
    send.mutate({ session, sessionKey, calls: [tokenCall.transfer(world.contracts.token, shop, amount)] });
  const button = (name: string, onClick: () => void) => createElement("button", { type: "button", onClick }, name);
  const text = (name: string, value: string | undefined) => createElement("p", { "data-testid": name }, value ?? "");
  return createElement(
    "main",
    null,
    button("grant", () => grant.mutate({ session })),
    button("pay 4", () => pay(4n)),
    button("pay 7", () => pay(7n)),
    button("revoke", () => revoke.mutate({ session })),
    button("revoke all", () => revokeAll.mutate()),
    text("status", status.data?.effective),
    text("left", allowance.data?.map(({ total }) => total?.remaining).join()),
    text("list", sessions.data?.map(({ effective }) => effective).join()),
    text("error", [grant, send, revoke, revokeAll].map(({ error }) => error?.name).join("")),
  );
}

function show(children: ReactNode, store = createSessionStore({ adapter: memoryAdapter() })) {
  const { chain } = account.bundler;
  const chains = [
    chain ?? {
      id: world.info.chainId,
      name: "Fork",
      nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
      rpcUrls: { default: { http: [world.info.rpcUrl] } },
    },
  ] as const;
  const config = createConfig({
    chains,
    transports: { [world.info.chainId]: http(world.info.rpcUrl) },
    multiInjectedProviderDiscovery: false,
  });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const provider = { bundlerClient: account.bundler, owner: account.smartAccount, store, children };
  render(
    createElement(
      WagmiProvider,
      { config, reconnectOnMount: false },
      createElement(QueryClientProvider, { client }, createElement(LatchkeyProvider, provider)),
    ),
  );
  return store;
}

const press = (name: string) => fireEvent.click(screen.getByText(name));
const shows = (name: string, value: string) =>
  waitFor(() => expect(screen.getByTestId(name).textContent).toBe(value), { timeout: 30_000 });

it("a page grants a session, uses it within its limits, and revokes it, and shows where it stands", async () => {
  const sessionKey = createSessionKey();
  const session = await define(sessionKey);
  // Others may have paid the shop before.
  const before = await world.balanceOf(world.contracts.token, shop);
  const paid = async () => (await world.balanceOf(world.contracts.token, shop)) - before;
  const store = show(createElement(Page, { session, sessionKey }));
  await shows("status", "not-granted");
  await shows("list", "");

  press("grant");
  await shows("status", "active");
  await shows("left", "10");
  await shows("list", "active");
  expect((await store.list()).map(({ status }) => status)).toEqual(["active"]);

  press("pay 4");
  await shows("left", "6");
  expect(await paid()).toBe(4n);

  press("pay 7");
  await shows("error", "TotalLimitExceededError");
  await shows("left", "6");
  expect(await paid()).toBe(4n);

  press("revoke");
  await shows("status", "revoked");
  await shows("list", "revoked");
  expect((await store.list()).map(({ status }) => status)).toEqual(["revoked"]);
}, 180_000);

it("a page ends all sessions at once", async () => {
  const sessionKey = createSessionKey();
  const session = await define(sessionKey);
  const store = show(createElement(Page, { session, sessionKey }));
  await shows("status", "not-granted");
  press("grant");
  await shows("status", "active");
  press("revoke all");
  await shows("status", "ended-by-epoch");
  expect((await store.list()).map(({ status }) => status)).toEqual(["revoked"]);
}, 180_000);
