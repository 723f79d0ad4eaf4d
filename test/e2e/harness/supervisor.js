// Runs a command for as long as the process that started this one lives: `node supervisor.js command [arguments]`, with
// an IPC channel. Whatever way the parent ends, killed included, the channel closes, and the command with it.
import { spawn } from "node:child_process";

const [command = "", ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: "inherit" });

child.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
child.on("exit", (code) => process.exit(code ?? 1));

// A signal of a terminal reaches the command without help: the supervisor ends when the command has.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
process.on("disconnect", () => child.kill("SIGKILL"));
