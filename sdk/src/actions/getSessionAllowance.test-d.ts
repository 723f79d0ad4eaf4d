import type { Address, Client } from "viem";
import { expectTypeOf } from "vitest";
import { getSessionAllowance, type Session } from "../index.js";

declare const client: Client;
declare const session: Session;

const [any] = await getSessionAllowance(client, { session });
expectTypeOf(any?.perPeriod?.remaining).toEqualTypeOf<bigint | undefined>();
// @ts-expect-error only a token's budget has a token
void any?.token;
if (any?.type === "erc20") expectTypeOf(any.token).toEqualTypeOf<Address>();
if (any?.type === "usage") expectTypeOf(any.of).toEqualTypeOf<"calls" | "operations">();
if (any?.type === "native" && any.scope === "actions") expectTypeOf(any.actions).toEqualTypeOf<readonly number[]>();
if (any?.type === "gas") expectTypeOf(any.perOperation).toEqualTypeOf<bigint | undefined>();

const [erc20] = await getSessionAllowance(client, { session, type: "erc20" });
expectTypeOf(erc20?.token).toEqualTypeOf<Address | undefined>();
const [gas] = await getSessionAllowance(client, { session, type: "gas" });
expectTypeOf(gas?.scope).toEqualTypeOf<"session" | undefined>();
// @ts-expect-error there is no such type
await getSessionAllowance(client, { session, type: "nft" });
