// A process that writes to a folder: `writer.ts <folder> count <times>` or `writer.ts <folder> fill`.

import { updateEntry } from "../../src/storage/adapter.js";
import { fileAdapter } from "../../src/storage/file.js";

const [folder = "", task, times] = process.argv.slice(2);
const adapter = fileAdapter({ folder, timeout: 60_000 });

if (task === "count")
  for (let left = Number(times); left > 0; left--) {
    await updateEntry(adapter, "counter", (text) => String(Number(text ?? "0") + 1));
    await updateEntry(adapter, `own.${process.pid}`, (text) => String(Number(text ?? "0") + 1));
  }

// Writes 1, 2, 3 … each many times over, and says what it has written, until somebody ends it.
if (task === "fill")
  for (;;) {
    const text = await updateEntry(adapter, "page", (current) => {
      const next = Number(current?.split(" ", 1)[0] ?? "0") + 1;
      return `${next} `.repeat(20_000);
    });
    process.stdout.write(`${text?.split(" ", 1)[0]}\n`);
  }
