// Loaded before a node: kills it at the step of using a nonce that CRASH_AT names.
import { ServerResponse } from "node:http";
import { ClassicLevel } from "classic-level";

const step = process.env["CRASH_AT"];
const die = () => process.kill(process.pid, "SIGKILL");
/** Never settles: the process is gone before anybody could go on. */
const gone = () => new Promise(() => {});

const { put } = ClassicLevel.prototype;
/**
 * @this {ClassicLevel}
 * @param {unknown[]} args
 */
async function crashingPut(...args) {
  const spends = String(args[0]).startsWith("spent/");
  if (spends && step === "before it is spent") {
    die();
    await gone();
  }
  await Reflect.apply(put, this, args);
  if (spends && step === "after it is spent") {
    die();
    await gone();
  }
}
ClassicLevel.prototype.put = crashingPut;

const { end } = ServerResponse.prototype;
/**
 * @this {ServerResponse}
 * @param {any[]} args
 */
ServerResponse.prototype.end = function (...args) {
  const path = this.req.url;
  if (path === "/v1/commit" && step === "before the commitment is told") die();
  if (path === "/v1/commit" && step === "after the commitment is told") this.once("finish", () => setTimeout(die, 50));
  if (path === "/v1/sign" && step === "before the answer") die();
  if (path === "/v1/sign" && step === "after the answer") this.once("finish", () => setTimeout(die, 50));
  return Reflect.apply(end, this, args);
};
