import type { Hex } from "viem";
import { ArgumentRuleNotMetError, checkAbiRules, NoRuleMetError, RuleNotMetError } from "../src/index.js";
import { account } from "./fixtures.js";

/** Whether rules on arguments hold for a call. What is no refusal by a rule is thrown on. */
export function holds(config: Hex, data: Hex): boolean {
  try {
    checkAbiRules({ config, data, account });
    return true;
  } catch (error) {
    if (error instanceof ArgumentRuleNotMetError || error instanceof RuleNotMetError) return false;
    if (error instanceof NoRuleMetError) return false;
    throw error;
  }
}
