import type { Hex } from "viem";
import type { Field } from "./describeRules.js";

/** Messages by which others may take tokens of the account: what they are called, and their fields. */
type SpendingMessage = {
  readonly type: string;
  readonly fields: readonly Field[];
  /** Fields of the struct that is the first field. */
  readonly details?: readonly Field[];
};

const field = (text: string): Field => {
  const [type = "", name = ""] = text.split(" ");
  return { name, type };
};
const list = (text: string): readonly Field[] => text.split(",").map(field);

const authorization = list(
  "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce",
);

/** By the hash of their type, those that a session may sign at all: with rules. */
export const spendingMessages: { readonly [typeHash: Hex]: SpendingMessage } = {
  "0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9": {
    type: "Permit",
    fields: list("address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"),
  },
  "0xf3841cd1ff0085026a6327b620b67997ce40f282c88a8e905a7a5626e310f3d0": {
    type: "PermitSingle",
    fields: list("PermitDetails details,address spender,uint256 sigDeadline"),
    details: list("address details.token,uint160 details.amount,uint48 details.expiration,uint48 details.nonce"),
  },
  "0x939c21a48a8dbe3a9a2404a1d46691e4d39f6583d6ec6b35714604c986d80106": {
    type: "PermitTransferFrom",
    fields: list("TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline"),
    details: list("address permitted.token,uint256 permitted.amount"),
  },
  "0x7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267": {
    type: "TransferWithAuthorization",
    fields: authorization,
  },
  "0xd099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8": {
    type: "ReceiveWithAuthorization",
    fields: authorization,
  },
  "0xd5a25ba2e97094ad7d83dc28a6572da797d6b3e7fc6663bd93efb789fc17e489": {
    type: "Order",
    fields: list(
      "address sellToken,address buyToken,address receiver,uint256 sellAmount,uint256 buyAmount,uint32 validTo,bytes32 appData,uint256 feeAmount,string kind,bool partiallyFillable,string sellTokenBalance,string buyTokenBalance",
    ),
  },
};
