// `latchkey/migration`: sessions of other systems, as sessions.
export {
  type BiconomyAbiRule,
  type BiconomyAbiSession,
  type BiconomyErc20Session,
  fromBiconomyAbiSession,
  fromBiconomyErc20Session,
} from "./biconomySessions.js";
export type { ConditionDialect, LegacyWindow, MigrationTarget } from "./common.js";
export { NotConvertibleError } from "./errors.js";
export {
  type BiconomyPolicy,
  type BiconomyPolicyRule,
  type FromBiconomyPolicyTarget,
  fromBiconomyPolicy,
  fromSafeSession,
  type SafeSession,
} from "./policies.js";
export {
  fromSmartSession,
  type SmartSession,
  type SmartSessionAddresses,
  type SmartSessionPolicy,
} from "./smartSessions.js";
