import {
  type Address,
  type Chain,
  type Client,
  concat,
  encodeAbiParameters,
  type Hex,
  keccak256,
  type LocalAccount,
  numberToHex,
  parseAbi,
  parseAbiParameters,
  size,
  type Transport,
  type TypedDataDomain,
  zeroAddress,
} from "viem";
import { getCode, getEip712Domain, readContract } from "viem/actions";
import { getAction } from "viem/utils";
import { type GrantPrefix, getInstallData } from "../actions/setSignedGrants.js";
import { EnableModeNotSupportedError } from "../errors/use.js";
import { executeSelector } from "../use/execution.js";
import type { AccountType } from "./accountType.js";

/**
 * How the first operation of a session installs the manager by the owner's signature. On Nexus the owner signs that very
 * operation, whose gas limits must be given: a bundler's estimate changes the operation. On Kernel the owner signs once.
 */
export type EnableMode = {
  /** Signs for the owner what the account's own validator takes as it is: an EOA's key for an ECDSA validator. */
  readonly signer: Pick<LocalAccount, "signTypedData">;
  /** The owner's validator on a Nexus account; Kernel asks its root validator. */
  readonly validator?: Address | undefined;
  /** Who may grant by a signature from then on; "off" if it is left out. */
  readonly grantPrefix?: GrantPrefix | undefined;
};

const nexusTypes = {
  ModuleEnableMode: [
    { name: "module", type: "address" },
    { name: "moduleType", type: "uint256" },
    { name: "userOpHash", type: "bytes32" },
    { name: "initDataHash", type: "bytes32" },
  ],
} as const;

const kernelTypes = {
  Enable: [
    { name: "validationId", type: "bytes21" },
    { name: "nonce", type: "uint32" },
    { name: "hook", type: "address" },
    { name: "validatorData", type: "bytes" },
    { name: "hookData", type: "bytes" },
    { name: "selectorData", type: "bytes" },
  ],
} as const;

const kernelAbi = parseAbi(["function currentNonce() view returns (uint32)"]);
const kernelSignature = parseAbiParameters(
  "bytes validatorData, bytes hookData, bytes selectorData, bytes enableSignature, bytes userOpSignature",
);

/** 65 bytes in place of an owner's signature. */
const stubSignature: Hex = `0x${"11".repeat(64)}1b`;

/** Wraps the signatures of operations in what installs the manager. */
export type Enabler = {
  /** The whole signature, from a use with the session key's signature. */
  readonly sign: (signature: Hex, userOpHash: Hex) => Promise<Hex>;
  /** The same for an estimate. */
  readonly stub: (signature: Hex) => Promise<Hex>;
};

/**
 * What makes operations install the manager.
 *
 * @throws EnableModeNotSupportedError
 */
export function createEnabler({
  client,
  account,
  accountType,
  manager,
  enable: { signer, validator, grantPrefix },
}: {
  client: Client<Transport, Chain | undefined>;
  account: Address;
  accountType: AccountType;
  manager: Address;
  enable: EnableMode;
}): Enabler {
  const data = getInstallData({ grantPrefix });
  if (accountType === "nexus" && validator !== undefined) {
    const wrap = (signature: Hex, enableSignature: Hex): Hex =>
      concat([
        manager,
        numberToHex(1, { size: 32 }),
        withLength(data),
        withLength(concat([validator, enableSignature])),
        signature,
      ]);
    return {
      stub: async (signature) => wrap(signature, stubSignature),
      sign: async (signature, userOpHash) =>
        wrap(
          signature,
          await signer.signTypedData({
            domain: await readDomain({ name: "Nexus", version: "1.0.1" }),
            types: nexusTypes,
            primaryType: "ModuleEnableMode",
            message: { module: manager, moduleType: 1n, userOpHash, initDataHash: keccak256(data) },
          }),
        ),
    };
  }
  if (accountType !== "kernel") throw new EnableModeNotSupportedError({ accountType });
  let enableSignature: Promise<Hex> | undefined;
  const sign = async (signature: Hex): Promise<Hex> => {
    enableSignature ??= signForKernel();
    // Zero: there is no hook.
    const contents = encodeAbiParameters(kernelSignature, [
      data,
      "0x",
      executeSelector,
      await enableSignature,
      signature,
    ]);
    return concat([zeroAddress, contents]);
  };
  // The owner's signature covers nothing of the operation, so estimation can have it as well.
  return { sign, stub: sign };

  async function signForKernel(): Promise<Hex> {
    return signer.signTypedData({
      domain: await readDomain({ name: "Kernel", version: "0.3.1" }),
      types: kernelTypes,
      primaryType: "Enable",
      message: {
        validationId: concat(["0x01", manager]),
        nonce: await readKernelNonce(),
        hook: zeroAddress,
        validatorData: data,
        hookData: "0x",
        selectorData: executeSelector,
      },
    });
  }

  async function isDeployed(): Promise<boolean> {
    return (await getAction(client, getCode, "getCode")({ address: account })) !== undefined;
  }

  /** What the account says; before it is deployed, what the version that is known says. */
  async function readDomain(known: { name: string; version: string }): Promise<TypedDataDomain> {
    if (await isDeployed()) {
      // Whatever the account leaves out, viem fills in: neither of the two has a salt.
      const { domain } = await getAction(client, getEip712Domain, "getEip712Domain")({ address: account });
      const { salt: _, ...rest } = domain;
      return rest;
    }
    const chainId = client.chain?.id;
    return { ...known, verifyingContract: account, ...(chainId === undefined ? {} : { chainId }) };
  }

  async function readKernelNonce(): Promise<number> {
    if (!(await isDeployed())) return 1;
    const read = getAction(client, readContract, "readContract");
    return read({ address: account, abi: kernelAbi, functionName: "currentNonce" });
  }
}

function withLength(bytes: Hex): Hex {
  return concat([numberToHex(size(bytes), { size: 4 }), bytes]);
}
