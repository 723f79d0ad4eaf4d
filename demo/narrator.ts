// How the demo talks: lines for people on standard output, or one JSON document; progress on standard error.
import { styleText } from "node:util";

export type Outcome = { what: string; outcome: "done" | "refused"; gas?: string; reason?: string; detail?: string };
export type Chapter = { title: string; lines: string[]; outcomes: Outcome[] };

type Format = Parameters<typeof styleText>[0];

export class Narrator {
  readonly #json: boolean;
  readonly #chapters: Chapter[] = [];

  constructor({ json }: { json: boolean }) {
    this.#json = json;
  }

  /** What is being done now, for as long as it takes. */
  progress(what: string): void {
    process.stderr.write(process.stderr.isTTY ? styleText("dim", `  ${what} …\n`) : `  ${what} …\n`);
  }

  chapter(title: string): void {
    this.#chapters.push({ title, lines: [], outcomes: [] });
    this.#print(`\n${this.#style("bold", title)}`);
  }

  say(line: string): void {
    this.#chapters.at(-1)?.lines.push(line);
    this.#print(`  ${line}`);
  }

  outcome(outcome: Outcome): void {
    this.#chapters.at(-1)?.outcomes.push(outcome);
    const { what, gas, reason, detail } = outcome;
    const mark = outcome.outcome === "done" ? this.#style("green", "done   ") : this.#style("yellow", "refused");
    this.#print(`  ${mark}  ${what}${gas === undefined ? "" : this.#style("dim", ` (${gas} gas)`)}`);
    if (reason !== undefined) this.#print(`           ${reason}${detail === undefined ? "" : ` ${detail}`}`);
  }

  end(result: object): void {
    if (this.#json) process.stdout.write(`${JSON.stringify({ chapters: this.#chapters, ...result }, null, 2)}\n`);
  }

  #style(format: Format, text: string): string {
    return process.stdout.isTTY ? styleText(format, text) : text;
  }

  #print(line: string): void {
    if (!this.#json) process.stdout.write(`${line}\n`);
  }
}
