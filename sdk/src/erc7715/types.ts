import type { Address, Hex } from "viem";

/** The types of permissions that sessions express exactly. */
export type PermissionType =
  | "native-token-allowance"
  | "native-token-periodic"
  | "erc20-token-allowance"
  | "erc20-token-periodic";

/** A rule of ERC-7715, as it is sent. */
export type PermissionRule = { readonly type: string; readonly data: Readonly<Record<string, unknown>> };

/** What `wallet_requestExecutionPermissions` takes an array of. */
export type PermissionRequest = {
  /** The chain, in hex. */
  readonly chainId: Hex;
  /** The account that is asked; the wallet chooses if it is left out. */
  readonly from?: Address | undefined;
  /** Who is to act: the session key's address. */
  readonly to: Address;
  readonly permission: {
    readonly type: string;
    /** Whether the wallet may grant something else than what was asked for. */
    readonly isAdjustmentAllowed: boolean;
    readonly data: Readonly<Record<string, unknown>>;
  };
  readonly rules?: readonly PermissionRule[] | undefined;
};

/** What the wallet answers for each request. */
export type PermissionResponse = PermissionRequest & {
  readonly from: Address;
  /** The permission itself: here the session, and what shows that it is granted. */
  readonly context: Hex;
  /** Accounts that have to be deployed before the permission can be used. */
  readonly dependencies: readonly { readonly factory: Address; readonly factoryData: Hex }[];
  /** The session key manager. Permissions are used in user operations, and not by its `redeemDelegations`. */
  readonly delegationManager: Address;
};

/** What `wallet_getSupportedExecutionPermissions` answers. */
export type SupportedPermissions = Readonly<
  Record<string, { readonly chainIds: readonly Hex[]; readonly ruleTypes: readonly string[] }>
>;

/** A permission by what it says, as people write it. */
export type Permission7715 = {
  /** Who may receive; anyone if it is left out. The rule "payee". */
  payees?: readonly Address[] | undefined;
  /** Shown to the owner by the wallet. */
  justification?: string | undefined;
  /** Before it nothing may be sent, and periods begin there: in seconds since 1970; now if it is left out. */
  startTime?: number | undefined;
} & (
  | { type: "native-token-allowance" /** In wei, in total. */; allowance: bigint }
  | {
      type: "native-token-periodic";
      /** In wei, in each period. */
      periodAmount: bigint;
      /** In seconds, at least 300. */
      periodDuration: number;
    }
  | {
      type: "erc20-token-allowance";
      tokenAddress: Address;
      /** In the token's smallest unit, in total. */
      allowance: bigint;
    }
  | {
      type: "erc20-token-periodic";
      tokenAddress: Address;
      /** In the token's smallest unit, in each period. */
      periodAmount: bigint;
      /** In seconds, at least 300. */
      periodDuration: number;
    }
);
