/** What an error says when something is done, in one line, without the page that explains it. */
export function told(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `${error.name}: ${error.message.split("\n\nDocs:")[0]?.replaceAll(/\n+/g, " | ")}`;
  }
  throw new Error("nothing was thrown");
}

/** Where an error of a class says that a configuration is malformed, if reading it throws one. */
export function toldPosition(
  type: abstract new (...args: never[]) => Error & { readonly position: number },
  read: () => unknown,
): number | "is read" {
  try {
    read();
  } catch (error) {
    if (error instanceof type) return error.position;
    throw error;
  }
  return "is read";
}
