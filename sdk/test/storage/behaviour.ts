import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidParameterError } from "../../src/index.js";
import { type StorageAdapter, updateEntry } from "../../src/storage/index.js";

/** A place to store in: each handle is what another process, tab or connection would have of it. */
export type Place = {
  readonly open: () => StorageAdapter;
  readonly close?: (() => Promise<void>) | undefined;
};

/** What every adapter must do, so that a store can rely on it. */
export function describeAdapter(name: string, kind: string, makePlace: () => Promise<Place>): void {
  async function inPlace(run: (place: Place) => Promise<void>): Promise<void> {
    const place = await makePlace();
    try {
      await run(place);
    } finally {
      await place.close?.();
    }
  }

  describe(`${name}, as every adapter`, () => {
    it("says what and where it is", () =>
      inPlace(async ({ open }) => {
        expect(open().kind).toBe(kind);
        expect(open().location).not.toBe("");
      }));

    it("has nothing at first", () =>
      inPlace(async ({ open }) => {
        expect(await open().get("a")).toBeUndefined();
        expect(await open().keys()).toEqual([]);
      }));

    it("shows every handle what one wrote", () =>
      inPlace(async ({ open }) => {
        const [one, other] = [open(), open()];
        expect(await one.compareAndSet("a", undefined, "1")).toBe(true);
        expect(await other.get("a")).toBe("1");
        expect(await other.compareAndSet("b.2", undefined, "2")).toBe(true);
        expect([...(await one.keys())].sort()).toEqual(["a", "b.2"]);
      }));

    it("sets only in the place of what is expected", () =>
      inPlace(async ({ open }) => {
        const adapter = open();
        expect(await adapter.compareAndSet("a", "1", "2")).toBe(false);
        expect(await adapter.get("a")).toBeUndefined();
        expect(await adapter.compareAndSet("a", undefined, "1")).toBe(true);
        expect(await adapter.compareAndSet("a", undefined, "2")).toBe(false);
        expect(await adapter.compareAndSet("a", "2", "3")).toBe(false);
        expect(await adapter.compareAndSet("a", "", "3")).toBe(false);
        expect(await adapter.get("a")).toBe("1");
        expect(await adapter.compareAndSet("a", "1", "2")).toBe(true);
        expect(await adapter.get("a")).toBe("2");
      }));

    it("removes only what is expected", () =>
      inPlace(async ({ open }) => {
        const adapter = open();
        await adapter.compareAndSet("a", undefined, "1");
        await adapter.compareAndSet("b", undefined, "1");
        expect(await adapter.compareAndSet("a", "2", undefined)).toBe(false);
        expect(await adapter.get("a")).toBe("1");
        expect(await adapter.compareAndSet("a", "1", undefined)).toBe(true);
        expect(await adapter.get("a")).toBeUndefined();
        expect(await adapter.keys()).toEqual(["b"]);
        expect(await adapter.compareAndSet("a", undefined, undefined)).toBe(true);
      }));

    it("tells an empty text from no entry", () =>
      inPlace(async ({ open }) => {
        const adapter = open();
        expect(await adapter.compareAndSet("a", undefined, "")).toBe(true);
        expect(await adapter.get("a")).toBe("");
        expect(await adapter.compareAndSet("a", undefined, "1")).toBe(false);
        expect(await adapter.compareAndSet("a", "", "1")).toBe(true);
      }));

    it("keeps any text as it is", () =>
      inPlace(async ({ open }) => {
        const adapter = open();
        let current: string | undefined;
        const text = fc.string({ unit: "grapheme", maxLength: 50 });
        await fc.assert(
          fc.asyncProperty(text, async (next) => {
            expect(await adapter.compareAndSet("a", current, next)).toBe(true);
            current = next;
            expect(await adapter.get("a")).toBe(next);
          }),
          { numRuns: 20, examples: [["\r\n\0$5\r\n*1"], ["0"], ["false"], ["{}"], ["é𝄞🔑"], ["x".repeat(300_000)]] },
        );
      }));

    it("refuses keys that could mean something to a file system or database", () =>
      inPlace(async ({ open }) => {
        const adapter = open();
        for (const key of ["", "..", "../a", "a/b", "a\\b", "A", ".a", "a.", "a:b", "a*", "é", "a".repeat(201)])
          await expect(adapter.compareAndSet(key, undefined, "1"), key).rejects.toThrow(InvalidParameterError);
        await adapter.compareAndSet(`0${"a".repeat(198)}9`, undefined, "1");
        expect(await adapter.keys()).toEqual([`0${"a".repeat(198)}9`]);
      }));

    it("lets exactly one of many win", () =>
      inPlace(async ({ open }) => {
        const handles = Array.from({ length: 8 }, open);
        const won = await Promise.all(
          handles.map((adapter, index) => adapter.compareAndSet("a", undefined, String(index))),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await open().get("a")).toBe(String(won.indexOf(true)));
      }));

    it("loses no update of many at once", () =>
      inPlace(async ({ open }) => {
        const handles = Array.from({ length: 5 }, open);
        await Promise.all(
          handles.flatMap((adapter) =>
            Array.from({ length: 8 }, () => updateEntry(adapter, "a", (text) => String(Number(text ?? "0") + 1))),
          ),
        );
        expect(await open().get("a")).toBe("40");
      }));

    it("agrees with a map on any sequence of operations", () =>
      inPlace(async ({ open }) => {
        const adapter = open();
        const model = new Map<string, string>();
        const value = fc.option(fc.constantFrom("", "1", "2"), { nil: undefined });
        const step = fc.record({ key: fc.constantFrom("a", "b", "c.1"), expected: value, next: value });
        await fc.assert(
          fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
            for (const { key, expected, next } of steps)
              expect(await adapter.compareAndSet(key, expected, next)).toBe(setModel(model, key, expected, next));
            for (const key of ["a", "b", "c.1"]) expect(await adapter.get(key)).toBe(model.get(key));
            expect([...(await adapter.keys())].sort()).toEqual([...model.keys()].sort());
          }),
          { numRuns: 30 },
        );
      }));
  });
}

/** What an adapter should do, by a map. */
function setModel(
  model: Map<string, string>,
  key: string,
  expected: string | undefined,
  next: string | undefined,
): boolean {
  if (model.get(key) !== expected) return false;
  if (next === undefined) model.delete(key);
  else model.set(key, next);
  return true;
}
