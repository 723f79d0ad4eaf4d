export * from "../errors/storage.js";
export { type CryptoKeyAdapter, type StorageAdapter, type StorageLocks, updateEntry } from "./adapter.js";
export { getDefaultAdapter } from "./defaultAdapter.js";
export type { Encryption } from "./encryption.js";
export { type FileAdapterParameters, fileAdapter } from "./file.js";
export { type IndexedDbAdapterParameters, indexedDbAdapter } from "./indexedDb.js";
export { type LocalStorageAdapterParameters, localStorageAdapter, type WebStorage } from "./localStorage.js";
export { memoryAdapter } from "./memory.js";
export {
  getRecordStatus,
  observeSession,
  parseSessionRecord,
  type SessionObservation,
  type SessionRecord,
  type SessionState,
  type SessionStatus,
  serializeSessionRecord,
} from "./record.js";
export { type RedisAdapterParameters, redisAdapter } from "./redis.js";
export {
  type RefreshSessionsParameters,
  type RefreshSessionsReturnType,
  refreshSessions,
} from "./refreshSessions.js";
export type { KeptSessionKey, LoadSessionKeyOptions, SessionKeyStore } from "./sessionKeys.js";
export {
  type AddSessionParameters,
  type ApplyReceiptParameters,
  type CreateSessionStoreParameters,
  createSessionStore,
  type SessionChange,
  type SessionFilter,
  type SessionReference,
  type SessionStore,
  type StoredSession,
} from "./sessionStore.js";
export { type UnstorageAdapterParameters, type UnstorageLike, unstorageAdapter } from "./unstorage.js";
