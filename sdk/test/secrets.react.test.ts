// @vitest-environment happy-dom
import { dehydrate } from "@tanstack/react-query";
import { act, cleanup, renderHook, waitFor } from "@testing-library/react";
import { createClient, custom, stringify } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { afterEach, describe, expect, it } from "vitest";
import { createSessionKey, defineSession } from "../src/index.js";
import { useLatchkey, useSendSessionCalls, useSession, useSessions } from "../src/react/index.js";
import { createSessionStore, memoryAdapter } from "../src/storage/index.js";
import { parameters, recipient, token } from "./fixtures.js";
import { chain, createPage } from "./reactPage.js";
import { expectNoSecret, formsOf, formsOfText, type Secrets } from "./scan.js";

const privateKey = generatePrivateKey();
const passphrase = "my voice is my passport";
const secrets: Secrets = [
  ["the private key", formsOf(privateKey)],
  ["the passphrase", formsOfText(passphrase)],
];
const sessionKey = createSessionKey({ privateKey });
const session = defineSession({ ...parameters, sessionKey });

afterEach(cleanup);

/** A page that uses a session, with a bundler that refuses what it is sent, and quotes it. */
async function show() {
  const store = createSessionStore({
    adapter: memoryAdapter(),
    encryption: { passphrase, iterations: 100_000 },
  });
  await store.keys.save(sessionKey);
  await store.add({ session, chainId: 1 });
  const bundlerClient = createClient({
    chain,
    transport: custom(
      {
        request: async ({ method, params }) => {
          throw new Error(`no ${method} today, not of ${JSON.stringify(params)}`);
        },
      },
      { retryCount: 0 },
    ),
  });
  const { queries, wrapper } = createPage({}, { store, bundlerClient });
  return { queries, hooks: renderHook(useAll, { wrapper }).result };
}

/** What a page has of hooks. */
function useAll() {
  return {
    send: useSendSessionCalls(),
    one: useSession({ session }),
    all: useSessions({ account: session.account }),
    store: useLatchkey().store,
  };
}

describe("secrets", () => {
  it("are in no state of hooks, and in no cache that may be persisted", async () => {
    const { queries, hooks } = await show();
    await waitFor(() => expect([hooks.current.one.isSuccess, hooks.current.all.isSuccess]).toEqual([true, true]));
    const { send } = hooks.current;
    act(() => send.mutate({ session, sessionKey, calls: [{ to: token, data: "0x" }, { to: recipient }] }));
    await waitFor(() => expect(hooks.current.send.isError).toBe(true));
    await waitFor(() => expect(queries.isFetching()).toBe(0));

    const mutations = queries.getMutationCache().getAll();
    // The key is in what is looked at.
    expect(mutations[0]?.state.variables).toMatchObject({ sessionKey });
    for (const { state } of mutations) expectNoSecret(secrets, "a mutation", state);
    for (const { state, queryKey } of queries.getQueryCache().getAll())
      expectNoSecret(secrets, "a query", { state, queryKey });
    const everything = { shouldDehydrateMutation: () => true, shouldDehydrateQuery: () => true };
    expectNoSecret(secrets, "what is persisted", dehydrate(queries, everything));
    for (const [name, state] of Object.entries(hooks.current)) expectNoSecret(secrets, `what ${name} shows`, state);
    expect(stringify(dehydrate(queries, everything))).toContain(session.account);
  });
});
