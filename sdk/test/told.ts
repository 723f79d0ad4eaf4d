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
