// `latchkey/erc7715`: permissions of ERC-7715 as sessions, for dapps that ask and wallets that grant.
export {
  getSessionPermission,
  parsePermissionRequest,
  permissionTypes,
  ruleTypes,
  type SessionPermission,
  type ToSessionFromPermissionRequestErrorType,
  type ToSessionFromPermissionRequestParameters,
  toSessionFromPermissionRequest,
} from "./convert.js";
export {
  type CreatePermissionProviderParameters,
  type CreatePermissionProviderReturnType,
  createPermissionProvider,
  type Eip1193Provider,
  type PermissionApproval,
  type PermissionProposal,
  type PermissionStore,
} from "./createPermissionProvider.js";
export * from "./errors.js";
export {
  type ExecutionPermission,
  getGrantedExecutionPermissions,
  getSupportedExecutionPermissions,
  type RequestExecutionPermissionsParameters,
  type RequestExecutionPermissionsReturnType,
  requestExecutionPermissions,
  revokeExecutionPermission,
} from "./requestExecutionPermissions.js";
export {
  decodePermissionContext,
  encodePermissionContext,
  type GetPermissionResponseParameters,
  type GrantedPermission,
  getPermissionResponse,
  type ParsePermissionResponseParameters,
  type PermissionContext,
  parsePermissionResponse,
} from "./response.js";
export type {
  Permission7715,
  PermissionRequest,
  PermissionResponse,
  PermissionRule,
  PermissionType,
  SupportedPermissions,
} from "./types.js";
