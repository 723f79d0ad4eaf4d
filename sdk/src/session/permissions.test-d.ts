import { parseAbi } from "viem";
import { account, game, parameters } from "../../test/fixtures.js";
import {
  allowAnyFunction,
  allowErc721,
  allowFunctionOfAnyTarget,
  allowNativeTransfer,
  anything,
  defineSession,
  isAccount,
  lte,
  startsWith,
} from "../index.js";

// What should compile.
const nft = { token: game, tokenIds: [1n], recipients: [account] } as const;
allowErc721(nft);
allowErc721({ ...nft, tokenIds: "any", recipients: "anyone", data: anything(), total: 1n });
allowErc721({ ...nft, data: startsWith("0x12"), functions: ["safeTransferFromWithData"] });
allowErc721({ ...nft, functions: ["approve"], acknowledgeRisk: true });
allowNativeTransfer({ recipients: [account], total: 5n });
allowNativeTransfer({ recipients: [account], perTransfer: 1n, perPeriod: { amount: 5n, period: "day" } });
allowNativeTransfer({ recipients: [account], perTransfer: 1n, total: "unlimited" });
allowNativeTransfer({ recipients: "anyone", total: 1n, acknowledgeRisk: true });
allowAnyFunction({ address: game, acknowledgeRisk: true });
allowFunctionOfAnyTarget({ abi: "claim(address to)", args: { to: isAccount() }, acknowledgeRisk: true });
defineSession({ ...parameters, fees: { maxPerOperation: 1n, total: 5n } });
defineSession({ ...parameters, fees: { maxPerOperation: 1n, perPeriod: { amount: 1n, period: 3_600 } } });
defineSession({ ...parameters, fees: { maxPerOperation: 1n, total: "unlimited", paymaster: account } });

// @ts-expect-error No ids.
allowErc721({ token: game, recipients: [account] });
// @ts-expect-error No recipients.
allowErc721({ token: game, tokenIds: "any" });
// @ts-expect-error A number for an id.
allowErc721({ ...nft, tokenIds: [1] });
// @ts-expect-error An approval without acknowledging the risk.
allowErc721({ ...nft, functions: ["approve"] });
// @ts-expect-error Text for data.
allowErc721({ ...nft, data: "hello" });
// @ts-expect-error No limit in all.
allowNativeTransfer({ recipients: [account], perTransfer: 1n });
// @ts-expect-error Anyone, without acknowledging the risk.
allowNativeTransfer({ recipients: "anyone", total: 1n });
// @ts-expect-error Any function, without acknowledging the risk.
allowAnyFunction({ address: game });
// @ts-expect-error Any target, without acknowledging the risk.
allowFunctionOfAnyTarget({ abi: "claim(address to)", args: { to: isAccount() } });
// @ts-expect-error An order of addresses, on any target.
allowFunctionOfAnyTarget({ abi: "claim(address to)", args: { to: lte(1n) }, acknowledgeRisk: true });
const several = parseAbi(["function a(uint8 x)", "function b(uint8 x)"]);
// @ts-expect-error No name, of several functions.
allowFunctionOfAnyTarget({ abi: several, anyArguments: true, acknowledgeRisk: true });
const { fees: _, ...withoutFees } = parameters;
// @ts-expect-error A session without fees.
defineSession(withoutFees);
// @ts-expect-error Fees without a limit in all.
defineSession({ ...parameters, fees: { maxPerOperation: 1n } });
// @ts-expect-error Fees without a limit of each operation.
defineSession({ ...parameters, fees: { total: 1n } });
// @ts-expect-error A number for fees.
defineSession({ ...parameters, fees: { maxPerOperation: 1n, total: 5 } });
