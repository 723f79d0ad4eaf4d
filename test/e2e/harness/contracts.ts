import { type Address, concatHex, encodeAbiParameters, getContractAddress, type Hex, zeroHash } from "viem";
import { entryPoint07Address, entryPoint08Address } from "viem/account-abstraction";
import {
  artifactCreationCode,
  entryPoint08CreationCode,
  entryPointCreationCode,
  nexusCreationCode,
} from "./bytecode.ts";
import { hasCode, type Writer } from "./chain.ts";

/** Deploys by CREATE2; on nearly every chain, and on Anvil from the start. */
const DETERMINISTIC_DEPLOYER = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
/** With this salt the published bytecode of EntryPoint v0.7 lands on its canonical address. */
const ENTRY_POINT_SALT = "0x90d8084deab30c2a37c45e8d47f49f2f7965183cb6990a98943ef94940681de3";

const ENTRY_POINT_08_SALT = "0x0a59dbff790c23c976a548690c27297883cc66b4c67024f9117b0238995e35e9";

/** The contracts around ours that the tests need. */
export type Surroundings = {
  /** EntryPoint v0.7. */
  entryPoint: Address;
  nexusFactory: Address;
  nexusBootstrap: Address;
  /** Lets the owner's key do everything with an account. */
  ownerValidator: Address;
  /** A token with 6 decimals. */
  token: Address;
  /** Another token, with 18. */
  otherToken: Address;
};

/** Puts EntryPoint v0.7 onto a chain at its canonical address. */
export async function deployEntryPoint(client: Writer): Promise<void> {
  const address = await deploy(client, entryPointCreationCode(), ENTRY_POINT_SALT);
  if (address !== entryPoint07Address) throw new Error(`EntryPoint v0.7 landed on ${address}`);
}

/** Puts EntryPoint v0.8 onto a chain at its canonical address. */
export async function deployEntryPoint08(client: Writer): Promise<void> {
  const address = await deploy(client, entryPoint08CreationCode(), ENTRY_POINT_08_SALT);
  if (address !== entryPoint08Address) throw new Error(`EntryPoint v0.8 landed on ${address}`);
}

/** Puts onto a chain what is not there yet of accounts, owner validator and tokens. */
export async function deploySurroundings(client: Writer): Promise<Surroundings> {
  const nexus = nexusCreationCode();
  const entryPoint = entryPoint07Address;
  const implementation = await deploy(
    client,
    concatHex([nexus.implementation, encodeAbiParameters([{ type: "address" }], [entryPoint])]),
  );
  const constructorOf = {
    // Whoever owns the factory could stake it, which nobody needs to here.
    factory: encodeAbiParameters([{ type: "address" }, { type: "address" }], [implementation, DETERMINISTIC_DEPLOYER]),
    token: tokenConstructor("Test Dollar", "TUSD", 6),
    otherToken: tokenConstructor("Other Token", "OTHER", 18),
  };
  const tokenCode = artifactCreationCode("MockERC20");
  return {
    entryPoint,
    nexusFactory: await deploy(client, concatHex([nexus.factory, constructorOf.factory])),
    nexusBootstrap: await deploy(client, nexus.bootstrap),
    ownerValidator: await deploy(client, artifactCreationCode("OwnerValidator")),
    token: await deploy(client, concatHex([tokenCode, constructorOf.token])),
    otherToken: await deploy(client, concatHex([tokenCode, constructorOf.otherToken])),
  };
}

function tokenConstructor(name: string, symbol: string, decimals: number): Hex {
  return encodeAbiParameters([{ type: "string" }, { type: "string" }, { type: "uint8" }], [name, symbol, decimals]);
}

/** Deploys by CREATE2 what is not there yet. */
export async function deploy(client: Writer, code: Hex, salt: Hex = zeroHash): Promise<Address> {
  const address = getContractAddress({ opcode: "CREATE2", from: DETERMINISTIC_DEPLOYER, bytecode: code, salt });
  if (await hasCode(client, address)) return address;
  const hash = await client.sendTransaction({ to: DETERMINISTIC_DEPLOYER, data: concatHex([salt, code]) });
  const { status } = await client.waitForTransactionReceipt({ hash });
  if (status !== "success" || !(await hasCode(client, address))) throw new Error(`deployment to ${address} failed`);
  return address;
}
