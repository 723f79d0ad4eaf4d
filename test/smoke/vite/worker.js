import { check } from "./check.js";

postMessage(await check());
