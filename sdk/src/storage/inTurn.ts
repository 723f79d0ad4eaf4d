// One queue for each place and name.
const queues = new WeakMap<object, Map<string, Promise<unknown>>>();

/** Runs a function after all others of the same place and name, within this process. */
export async function inTurn<result>(place: object, name: string, run: () => Promise<result>): Promise<result> {
  const turns = queues.get(place) ?? new Map<string, Promise<unknown>>();
  queues.set(place, turns);
  const before = turns.get(name) ?? Promise.resolve();
  const mine = before.then(run, run);
  turns.set(name, mine);
  try {
    return await mine;
  } finally {
    if (turns.get(name) === mine) turns.delete(name);
  }
}
