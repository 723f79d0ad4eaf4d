// The mutants of a file, and a source that holds many of them at once.
import { basename } from "node:path";
import { treeOf } from "./compiler.js";
import { type Place, placesOf } from "./places.js";
import { readSource, type Source } from "./sources.js";

/** A change of the contracts. */
export type Mutant = {
  /** File, line and column. */
  name: string;
  file: string;
  line: number;
  /** The lines it is on, without and with it. */
  from: string;
  to: string;
  place: Place;
};

/** All mutants of a file. */
export function mutantsOf(home: string, file: string): Mutant[] {
  const source = readSource(home, file);
  return placesOf(source, treeOf(home, file)).map((place) => {
    const { start, end, replaced } = place;
    const lineStart = source.text.lastIndexOf("\n", start - 1) + 1;
    const found = source.text.indexOf("\n", end);
    const lineEnd = found === -1 ? source.text.length : found;
    // The change itself, not the beginning of the expression it is in.
    let at = start;
    while (at < end && source.text[at] === replaced[at - start]) at += 1;
    const line = source.text.slice(0, at).split("\n").length;
    const column = at - source.text.lastIndexOf("\n", at - 1);
    return {
      name: `${file}:${line}:${column}`,
      file,
      line,
      from: oneLine(source.text.slice(lineStart, lineEnd)),
      to: oneLine(source.text.slice(lineStart, start) + replaced + source.text.slice(end, lineEnd)),
      place,
    };
  });
}

/** The source with one mutant and nothing else. */
export function withOne({ path, text }: Source, { place }: Mutant): Source {
  return { path, text: text.slice(0, place.start) + place.replaced + text.slice(place.end) };
}

/** The number that the code compares its length with to know whether it makes a change. */
export function markOf(index: number): number {
  return 0x7fa50101 + index;
}

/** The source with all given mutants, each of which has a `switched`; they are those of marks 0, 1, ... */
export function withAll({ path, text }: Source, mutants: readonly Mutant[]): Source {
  const isOn = `_isMutant${basename(path, ".sol")}`;
  const places = mutants
    .map(({ place }, index) => ({ ...place, mark: `0x${markOf(index).toString(16)}` }))
    .sort((a, b) => a.order - b.order);
  const written = write(0, text.length, places);
  const lost = places.find(({ mark }) => !written.includes(mark));
  if (lost !== undefined) throw new Error(`${path}: a change of ${text.slice(lost.start, lost.end)} is lost`);
  return {
    path,
    text: `${written}\nfunction ${isOn}(uint256 mark) pure returns (bool on) {\n    assembly ("memory-safe") { on := eq(codesize(), mark) }\n}\n`,
  };

  /** What is from `start` to `end`, with the places inside, the outermost first. */
  function write(start: number, end: number, inside: readonly (Place & { mark: string })[]): string {
    let result = "";
    let at = start;
    for (const [index, place] of inside.entries()) {
      if (place.start < at || place.end > end) continue;
      const within = inside.slice(index + 1).filter((other) => other.start >= place.start && other.end <= place.end);
      const on = place.yul ? `eq(codesize(), ${place.mark})` : `${isOn}(${place.mark})`;
      result += text.slice(at, place.start);
      result += place.switched?.(on, (from, to) => write(from, to, within)) ?? text.slice(place.start, place.end);
      at = place.end;
    }
    return result + text.slice(at, end);
  }
}

function oneLine(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8").replaceAll(/\s+/g, " ").trim();
}
