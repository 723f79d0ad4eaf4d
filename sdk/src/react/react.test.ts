// @vitest-environment happy-dom
import { act, cleanup, renderHook, waitFor } from "@testing-library/react";
import { createClient, custom } from "viem";
import { afterEach, describe, expect, it } from "vitest";
import { account, contracts, session } from "../../test/fixtures.js";
import { createOwner } from "../../test/mockClient.js";
import { chain, createPage } from "../../test/reactPage.js";
import { encodeSession, getSessionId } from "../index.js";
import { createSessionStore, memoryAdapter } from "../storage/index.js";
import {
  LatchkeyNotConfiguredError,
  sessionQueryKeys,
  useGrantSession,
  useLatchkey,
  useRevokeAllSessions,
  useRevokeSession,
  useSendSessionCalls,
  useSession,
  useSessionAllowance,
  useSessions,
} from "./index.js";

afterEach(cleanup);

const publish = () => ({ id: getSessionId(session), data: encodeSession(session), account }) as const;

describe("useSession", () => {
  it("shows where a session stands, what is left and what it allows", async () => {
    const { wrapper } = createPage({ spent: [1n, 0n, 0n] });
    const { result } = renderHook(() => useSession({ session }), { wrapper });
    expect(result.current.isPending).toBe(true);
    await waitFor(() => expect(result.current.data).toBeDefined());
    expect(result.current.data).toMatchObject({ effective: "active", id: getSessionId(session) });
    expect(result.current.data?.description.lines.length).toBeGreaterThan(0);
  });

  it("shows that a session was revoked", async () => {
    const { wrapper } = createPage({ status: 2 });
    const { result } = renderHook(() => useSession({ session }), { wrapper });
    await waitFor(() => expect(result.current.data?.effective).toBe("revoked"));
  });

  it("reads nothing without a session, and begins when there is one", async () => {
    const { wrapper, requests } = createPage();
    const { result, rerender } = renderHook(({ given }) => useSession({ session: given }), {
      wrapper,
      initialProps: { given: undefined as typeof session | undefined },
    });
    expect(result.current.fetchStatus).toBe("idle");
    expect(requests).toEqual([]);
    rerender({ given: session });
    await waitFor(() => expect(result.current.data?.effective).toBe("active"));
  });

  it("says so if wagmi does not know the chain", async () => {
    const { wrapper } = createPage();
    const { result } = renderHook(() => useSession({ session, chainId: 5 }), { wrapper });
    await waitFor(() => expect(result.current.error).toBeInstanceOf(LatchkeyNotConfiguredError));
    expect(result.current.error?.message).toMatchInlineSnapshot(`
      "wagmi's config has no chain 5.

      Add it to \`chains\` and \`transports\` of \`createConfig\`, or give another \`chainId\`.

      Docs: docs/errors/LatchkeyNotConfiguredError.md"
    `);
  });

  it("takes TanStack Query's options", async () => {
    const { wrapper, requests } = createPage();
    const { result } = renderHook(() => useSession({ session, query: { enabled: false } }), { wrapper });
    expect(result.current.fetchStatus).toBe("idle");
    expect(requests).toEqual([]);
  });
});

describe("useSessionAllowance", () => {
  it("shows what is left, and again what is left when it was invalidated", async () => {
    const spent: [bigint, bigint, bigint] = [1n, 0n, 0n];
    const { wrapper, queries } = createPage({ spent });
    const { result } = renderHook(() => useSessionAllowance({ session }), { wrapper });
    await waitFor(() => expect(result.current.data).toBeDefined());
    const total = () => result.current.data?.find(({ type }) => type === "erc20")?.total;
    expect(total()?.spent).toBe(1n);
    spent[0] = 3n;
    await act(() => queries.invalidateQueries({ queryKey: sessionQueryKeys.allowance(session) }));
    await waitFor(() => expect(total()?.spent).toBe(3n));
  });
});

describe("useSessions", () => {
  it("lists what is published and what is in the store, each once", async () => {
    const store = createSessionStore({ adapter: memoryAdapter() });
    const other = { ...session, salt: `0x${"77".repeat(32)}` as const };
    await store.add({ session: other, chainId: 1 });
    const { wrapper } = createPage({ logs: [publish()] }, { store });
    const { result } = renderHook(() => useSessions({ account, fromBlock: 0n }), { wrapper });
    await waitFor(() => expect(result.current.data?.length).toBe(2));
    expect(result.current.data?.map(({ id, source }) => [id, source])).toEqual([
      [getSessionId(other), "given"],
      [getSessionId(session), "published"],
    ]);
  });

  it("is empty where nothing is known, and idle without an account", async () => {
    const { wrapper } = createPage();
    const empty = renderHook(() => useSessions({ account }), { wrapper });
    await waitFor(() => expect(empty.result.current.data).toEqual([]));
    const idle = renderHook(() => useSessions({ account: undefined, sessions: [session] }), { wrapper });
    expect(idle.result.current.fetchStatus).toBe("idle");
  });
});

describe("hooks that send", () => {
  it("say so if there is no bundler client", async () => {
    const { wrapper } = createPage();
    const { result } = renderHook(
      () => [useGrantSession(), useRevokeSession(), useRevokeAllSessions(), useSendSessionCalls()] as const,
      { wrapper },
    );
    const [grant, revoke, revokeAll, send] = result.current;
    const calls = [{ to: account }] as const;
    await act(async () => {
      const failures = [
        grant.mutateAsync({ session }),
        revoke.mutateAsync({ session }),
        revokeAll.mutateAsync(),
        send.mutateAsync({ session, sessionKey: {} as never, calls }),
      ];
      for (const failure of failures) await expect(failure).rejects.toBeInstanceOf(LatchkeyNotConfiguredError);
    });
    expect(result.current.every(({ isError }) => isError)).toBe(true);
  });

  it("keep what was to be granted as pending, read again, and hand on the error, if the bundler refuses", async () => {
    const store = createSessionStore({ adapter: memoryAdapter() });
    const { client, wrapper, requests } = createPage({ status: 0 }, { store });
    const bundlerClient = createClient({
      chain,
      transport: custom(
        {
          request: async ({ method }: { method: string }) => {
            throw new Error(`no ${method} today`);
          },
        },
        { retryCount: 0 },
      ),
    });
    const owner = await createOwner(createClient({ chain, transport: custom(client) }));
    const settled: string[] = [];
    const { result } = renderHook(
      () => ({
        status: useSession({ session }),
        grant: useGrantSession({
          bundlerClient,
          owner,
          mutation: { onSettled: () => void settled.push("mine too") },
        }),
      }),
      { wrapper },
    );
    await waitFor(() => expect(result.current.status.data?.effective).toBe("not-granted"));
    const before = requests.length;
    act(() => result.current.grant.mutate({ session }));
    await waitFor(() => expect(result.current.grant.isError).toBe(true));
    expect(result.current.grant.error?.message).toContain("today");
    expect((await store.list()).map(({ id, status }) => [id, status])).toEqual([[getSessionId(session), "pending"]]);
    expect(settled).toEqual(["mine too"]);
    await waitFor(() =>
      expect(requests.slice(before).filter((name) => name === "sessionStatus").length).toBeGreaterThan(1),
    );
  });
});

describe("useLatchkey", () => {
  it("prefers what a hook was given to what the provider has", () => {
    const store = createSessionStore({ adapter: memoryAdapter() });
    const own = createSessionStore({ adapter: memoryAdapter() });
    const { wrapper } = createPage({}, { store });
    const { result } = renderHook(() => [useLatchkey(), useLatchkey({ store: own })] as const, { wrapper });
    expect(result.current[0].store).toBe(store);
    expect(result.current[0].contracts).toEqual(contracts);
    expect(result.current[1].store).toBe(own);
  });
});

it("exports hooks, the provider and the keys of queries", async () => {
  expect(Object.keys(await import("./index.js")).sort()).toMatchInlineSnapshot(`
    [
      "LatchkeyNotConfiguredError",
      "LatchkeyProvider",
      "sessionQueryKeys",
      "useGrantSession",
      "useLatchkey",
      "useRevokeAllSessions",
      "useRevokeSession",
      "useSendSessionCalls",
      "useSession",
      "useSessionAllowance",
      "useSessions",
    ]
  `);
});
