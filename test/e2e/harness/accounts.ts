import { type AccountType, encodeExecution, getNonceKey } from "latchkey";
import {
  type Address,
  concat,
  concatHex,
  encodeAbiParameters,
  encodeFunctionData,
  encodePacked,
  getAddress,
  type Hex,
  hashTypedData,
  type LocalAccount,
  parseAbi,
  parseEther,
  zeroAddress,
} from "viem";
import {
  entryPoint07Abi,
  entryPoint07Address,
  entryPoint08Address,
  getUserOperationHash,
  type SmartAccount,
  toPackedUserOperation,
  toSmartAccount,
  type UserOperation,
} from "viem/account-abstraction";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { nexusBootstrapAbi, nexusFactoryAbi } from "./abis.ts";
import { artifactCreationCode, kernelCreationCode, nexusCreationCode, safeCreationCode } from "./bytecode.ts";
import { deploy } from "./contracts.ts";
import type { OwnedAccount, World } from "./world.ts";

/** An account before it is deployed. */
export type Undeployed = { readonly address: Address; readonly factory: Address; readonly factoryData: Hex };

/** An account of some kind, with an owner, ether and tokens. */
export type KindOfAccount = {
  readonly name: string;
  readonly accountType: AccountType;
  readonly entryPointVersion: "0.7" | "0.8";
  /** What grants by signature of such an account begin with. */
  readonly grantPrefix: (world: World) => Hex;
  /** Deploys one, owned by a new key. */
  readonly create: (world: World) => Promise<OwnedAccount>;
};

type Version = KindOfAccount["entryPointVersion"];
const entryPoints = { "0.7": entryPoint07Address, "0.8": entryPoint08Address } as const;

const kernelAbi = parseAbi([
  "function initialize(bytes21 rootValidator, address hook, bytes validatorData, bytes hookData, bytes[] initConfig)",
  "function createAccount(bytes data, bytes32 salt) payable returns (address)",
  "function getAddress(bytes data, bytes32 salt) view returns (address)",
]);
const safeAbi = parseAbi([
  "function setup(address[] owners, uint256 threshold, address to, bytes data, address fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver)",
  "function createProxyWithNonce(address singleton, bytes initializer, uint256 saltNonce) returns (address)",
  "struct ModuleInit { address module; bytes initData; }",
  "function addSafe7579(address safe7579, ModuleInit[] validators, ModuleInit[] executors, ModuleInit[] fallbacks, ModuleInit[] hooks, address[] attesters, uint8 threshold)",
]);
const openZeppelinAbi = parseAbi([
  "struct Validator { address module; bytes data; }",
  "function createAccount(Validator[] validators, bytes32 salt) returns (address)",
]);
const initializeAbi = parseAbi(["function initializeAccount(bytes initData) payable"]);

const stubSignature: Hex = `0x${"11".repeat(64)}1b`;

/** A smart account as its owner uses it. */
function toOwnerAccount({
  world,
  address,
  version,
  nonceKey,
  stub = stubSignature,
  signOperation,
  signDigest,
}: {
  world: World;
  address: Address;
  version: Version;
  nonceKey: bigint;
  stub?: Hex;
  signOperation: (userOpHash: Hex, operation: UserOperation<"0.7">) => Promise<Hex>;
  /** What the account's ERC-1271 takes for the owner's signature of a digest. */
  signDigest: (digest: Hex) => Promise<Hex>;
}): Promise<SmartAccount> {
  const entryPoint = { abi: entryPoint07Abi, address: entryPoints[version], version } as const;
  return toSmartAccount({
    client: world.client,
    entryPoint,
    getAddress: async () => address,
    getFactoryArgs: async () => ({}),
    encodeCalls: async (calls) => encodeExecution(calls),
    getNonce: () =>
      world.client.readContract({
        address: entryPoint.address,
        abi: entryPoint07Abi,
        functionName: "getNonce",
        args: [address, nonceKey],
      }),
    getStubSignature: async () => stub,
    signMessage: async () => {
      throw new Error("an owner of the tests signs no messages");
    },
    signTypedData: async (typedData) => signDigest(hashTypedData(typedData)),
    signUserOperation: async (parameters) => {
      const operation: UserOperation<"0.7"> = { ...parameters, sender: address, signature: "0x" };
      const userOpHash = getUserOperationHash({
        chainId: world.info.chainId,
        entryPointAddress: entryPoint.address,
        entryPointVersion: version,
        userOperation: operation,
      });
      return signOperation(userOpHash, operation);
    },
  });
}

async function own(world: World, owner: LocalAccount, smartAccount: SmartAccount): Promise<OwnedAccount> {
  const { address } = smartAccount;
  await world.funder.setBalance({ address, value: parseEther("10") });
  await world.mint(world.contracts.token, address, 1_000_000_000n);
  await world.mint(world.contracts.otherToken, address, parseEther("1000"));
  return { address, owner, smartAccount, bundler: world.bundlerFor(smartAccount) };
}

function newOwner() {
  return privateKeyToAccount(generatePrivateKey());
}

function deployWith(world: World, code: Hex, ...addresses: Address[]): Promise<Address> {
  const types = addresses.map(() => ({ type: "address" }) as const);
  return deploy(world.funder, concatHex([code, encodeAbiParameters(types, addresses)]));
}

async function sendCreation(world: World, to: Address, data: Hex): Promise<Address> {
  const { data: answer = "0x" } = await world.client.call({ to, data });
  const hash = await world.funder.sendTransaction({ to, data });
  const { status } = await world.client.waitForTransactionReceipt({ hash });
  if (status !== "success") throw new Error(`the creation of an account by ${to} failed`);
  // The address is the last 20 bytes of the word that the factory answers with.
  return getAddress(`0x${answer.slice(-40)}`);
}

function nexusInitData(world: World, owner: Address): Hex {
  const none = { module: zeroAddress, data: "0x" } as const;
  const init = encodeFunctionData({
    abi: nexusBootstrapAbi,
    functionName: "initNexus",
    args: [[{ module: world.contracts.ownerValidator, data: owner }], [], none, [], zeroAddress, [], 0],
  });
  return encodeAbiParameters([{ type: "address" }, { type: "bytes" }], [world.contracts.nexusBootstrap, init]);
}

/** An owner who uses Nexus, or OpenZeppelin's account, through the ordinary validator. */
function throughValidator(
  world: World,
  owner: LocalAccount,
  address: Address,
  accountType: AccountType,
  version: Version,
): Promise<SmartAccount> {
  const validator = world.contracts.ownerValidator;
  return toOwnerAccount({
    world,
    address,
    version,
    nonceKey: getNonceKey({ accountType, validator }),
    signOperation: (userOpHash) => owner.signMessage({ message: { raw: userOpHash } }),
    signDigest: async (digest) => concat([validator, await signRaw(owner, digest)]),
  });
}

async function signRaw(owner: LocalAccount, hash: Hex): Promise<Hex> {
  if (owner.sign === undefined) throw new Error("the owner's key signs no hashes");
  return owner.sign({ hash });
}

const nexus = (version: Version): KindOfAccount => ({
  name: `Nexus on EntryPoint v${version}`,
  accountType: "nexus",
  entryPointVersion: version,
  grantPrefix: (world) => world.contracts.ownerValidator,
  create: async (world) => {
    const owner = newOwner();
    const code = nexusCreationCode();
    const implementation = await deployWith(world, code.implementation, entryPoints[version]);
    const factory = await deployWith(world, code.factory, implementation, world.funder.account.address);
    const data = encodeFunctionData({
      abi: nexusFactoryAbi,
      functionName: "createAccount",
      args: [nexusInitData(world, owner.address), generatePrivateKey()],
    });
    const address = await sendCreation(world, factory, data);
    return own(world, owner, await throughValidator(world, owner, address, "nexus", version));
  },
});

/** How Kernel, and the permissions of its owner, sign a digest: wrapped in a hash of the account's own. */
export async function signForKernel(
  world: World,
  owner: LocalAccount,
  { address, digest }: { address: Address; digest: Hex },
): Promise<Hex> {
  const signature = await owner.signTypedData({
    domain: { name: "Kernel", version: "0.3.1", chainId: world.info.chainId, verifyingContract: address },
    types: { Kernel: [{ name: "hash", type: "bytes32" }] },
    primaryType: "Kernel",
    message: { hash: digest },
  });
  // The root validator.
  return concat(["0x00", signature]);
}

const kernel = (version: Version): KindOfAccount => ({
  name: `Kernel on EntryPoint v${version}`,
  accountType: "kernel",
  entryPointVersion: version,
  grantPrefix: () => "0x00",
  create: async (world) => {
    const owner = newOwner();
    const code = kernelCreationCode();
    const implementation = await deployWith(world, code.implementation, entryPoints[version]);
    const factory = await deployWith(world, code.factory, implementation);
    const init = encodeFunctionData({
      abi: kernelAbi,
      functionName: "initialize",
      args: [concat(["0x01", world.contracts.ownerValidator]), zeroAddress, owner.address, "0x", []],
    });
    const creation = encodeFunctionData({
      abi: kernelAbi,
      functionName: "createAccount",
      args: [init, generatePrivateKey()],
    });
    const address = await sendCreation(world, factory, creation);
    const smartAccount = await toOwnerAccount({
      world,
      address,
      version,
      nonceKey: 0n,
      signOperation: (userOpHash) => owner.signMessage({ message: { raw: userOpHash } }),
      signDigest: (digest) => signForKernel(world, owner, { address, digest }),
    });
    return own(world, owner, smartAccount);
  },
});

const safeOpTypes = {
  SafeOp: [
    { name: "safe", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "initCode", type: "bytes" },
    { name: "callData", type: "bytes" },
    { name: "verificationGasLimit", type: "uint128" },
    { name: "callGasLimit", type: "uint128" },
    { name: "preVerificationGas", type: "uint256" },
    { name: "maxPriorityFeePerGas", type: "uint128" },
    { name: "maxFeePerGas", type: "uint128" },
    { name: "paymasterAndData", type: "bytes" },
    { name: "validAfter", type: "uint48" },
    { name: "validUntil", type: "uint48" },
    { name: "entryPoint", type: "address" },
  ],
} as const;

const safe: KindOfAccount = {
  name: "Safe with Safe7579 on EntryPoint v0.7",
  accountType: "safe7579",
  entryPointVersion: "0.7",
  // Zero in place of a validator: the Safe's owners.
  grantPrefix: () => zeroAddress,
  create: async (world) => {
    const owner = newOwner();
    const code = safeCreationCode();
    const [singleton, proxyFactory, adapter, launchpad] = [
      await deploy(world.funder, code.singleton),
      await deploy(world.funder, code.proxyFactory),
      await deploy(world.funder, code.adapter),
      await deployWith(world, code.launchpad, entryPoint07Address, zeroAddress),
    ];
    const adapt = encodeFunctionData({
      abi: safeAbi,
      functionName: "addSafe7579",
      args: [adapter, [], [], [], [], [], 0],
    });
    const setup = encodeFunctionData({
      abi: safeAbi,
      functionName: "setup",
      args: [[owner.address], 1n, launchpad, adapt, adapter, zeroAddress, 0n, zeroAddress],
    });
    const creation = encodeFunctionData({
      abi: safeAbi,
      functionName: "createProxyWithNonce",
      args: [singleton, setup, BigInt(generatePrivateKey())],
    });
    const address = await sendCreation(world, proxyFactory, creation);
    const { chainId } = world.info;
    const always = encodePacked(["uint48", "uint48"], [0, 0]);
    const smartAccount = await toOwnerAccount({
      world,
      address,
      version: "0.7",
      // A validator that is not installed leaves it to the owners.
      nonceKey: 0n,
      stub: concat([always, stubSignature]),
      signOperation: async (_, operation) => {
        const packed = toPackedUserOperation(operation);
        const signature = await owner.signTypedData({
          domain: { chainId, verifyingContract: adapter },
          types: safeOpTypes,
          primaryType: "SafeOp",
          message: {
            safe: address,
            nonce: operation.nonce,
            initCode: packed.initCode,
            callData: operation.callData,
            verificationGasLimit: operation.verificationGasLimit,
            callGasLimit: operation.callGasLimit,
            preVerificationGas: operation.preVerificationGas,
            maxPriorityFeePerGas: operation.maxPriorityFeePerGas,
            maxFeePerGas: operation.maxFeePerGas,
            paymasterAndData: packed.paymasterAndData,
            validAfter: 0,
            validUntil: 0,
            entryPoint: entryPoint07Address,
          },
        });
        return concat([always, signature]);
      },
      signDigest: async (digest) => {
        const signature = await owner.signTypedData({
          domain: { chainId, verifyingContract: address },
          types: { SafeMessage: [{ name: "message", type: "bytes" }] },
          primaryType: "SafeMessage",
          message: { message: digest },
        });
        return concat([zeroAddress, signature]);
      },
    });
    return own(world, owner, smartAccount);
  },
};

const openZeppelin: KindOfAccount = {
  name: "OpenZeppelin's AccountERC7579 on EntryPoint v0.7",
  accountType: "openzeppelin",
  entryPointVersion: "0.7",
  grantPrefix: (world) => world.contracts.ownerValidator,
  create: async (world) => {
    const owner = newOwner();
    const code = artifactCreationCode("OpenZeppelinAccount", "OpenZeppelinAccountFactory");
    const factory = await deployWith(world, code, entryPoint07Address);
    const creation = encodeFunctionData({
      abi: openZeppelinAbi,
      functionName: "createAccount",
      args: [[{ module: world.contracts.ownerValidator, data: owner.address }], generatePrivateKey()],
    });
    const address = await sendCreation(world, factory, creation);
    return own(world, owner, await throughValidator(world, owner, address, "openzeppelin", "0.7"));
  },
};

/** An EOA that took on Nexus' code by a transaction. */
const delegated = (version: Version): KindOfAccount => ({
  name: `an EOA under EIP-7702, delegated to Nexus, on EntryPoint v${version}`,
  accountType: "nexus",
  entryPointVersion: version,
  grantPrefix: (world) => world.contracts.ownerValidator,
  create: async (world) => {
    const owner = newOwner();
    const { address } = owner;
    const implementation = await deployWith(world, nexusCreationCode().implementation, entryPoints[version]);
    await world.funder.setBalance({ address, value: parseEther("10") });
    // The account's own transaction, so that its authorization counts from the next nonce; it initialises the account.
    const authorization = await owner.signAuthorization({
      address: implementation,
      chainId: world.info.chainId,
      nonce: 1,
    });
    const hash = await world.funder.sendTransaction({
      account: owner,
      authorizationList: [authorization],
      to: address,
      data: encodeFunctionData({
        abi: initializeAbi,
        functionName: "initializeAccount",
        args: [nexusInitData(world, address)],
      }),
      gas: 2_000_000n,
    });
    const { status } = await world.client.waitForTransactionReceipt({ hash });
    if (status !== "success") throw new Error("the EOA could not be initialised");
    return own(world, owner, await throughValidator(world, owner, address, "nexus", version));
  },
});

/** Every kind of account, on every EntryPoint that it works with. */
export const kindsOfAccounts: readonly KindOfAccount[] = [
  nexus("0.7"),
  nexus("0.8"),
  kernel("0.7"),
  kernel("0.8"),
  safe,
  openZeppelin,
  delegated("0.7"),
  delegated("0.8"),
];

/** What an account's address is before it is deployed, and what deploys it: a Nexus account that has the manager. */
export async function describeNexus(
  world: World,
  { owner, manager, installData }: { owner: Address; manager: Address; installData: Hex },
): Promise<Undeployed> {
  const none = { module: zeroAddress, data: "0x" } as const;
  const init = encodeFunctionData({
    abi: nexusBootstrapAbi,
    functionName: "initNexus",
    args: [
      [
        { module: world.contracts.ownerValidator, data: owner },
        { module: manager, data: installData },
      ],
      [],
      none,
      [],
      zeroAddress,
      [],
      0,
    ],
  });
  const initData = encodeAbiParameters(
    [{ type: "address" }, { type: "bytes" }],
    [world.contracts.nexusBootstrap, init],
  );
  const creation = {
    address: world.contracts.nexusFactory,
    abi: nexusFactoryAbi,
    args: [initData, generatePrivateKey()],
  } as const;
  return {
    address: await world.client.readContract({ ...creation, functionName: "computeAccountAddress" }),
    factory: world.contracts.nexusFactory,
    factoryData: encodeFunctionData({ ...creation, functionName: "createAccount" }),
  };
}
