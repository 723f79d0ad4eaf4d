import { parseAbi } from "viem";

export const nexusFactoryAbi = parseAbi([
  "function createAccount(bytes initData, bytes32 salt) payable returns (address account)",
  "function computeAccountAddress(bytes initData, bytes32 salt) view returns (address account)",
]);

export const nexusBootstrapAbi = parseAbi([
  "struct Module { address module; bytes data; }",
  "function initNexus(Module[] validators, Module[] executors, Module hook, Module[] fallbacks, address registry, address[] attesters, uint8 threshold)",
]);

/** What the tests call of an ERC-7579 account. */
export const accountAbi = parseAbi([
  "function installModule(uint256 moduleType, address module, bytes initData) payable",
  "function uninstallModule(uint256 moduleType, address module, bytes deInitData) payable",
  "function isModuleInstalled(uint256 moduleType, address module, bytes additionalContext) view returns (bool)",
  "function execute(bytes32 mode, bytes executionCalldata) payable",
]);

export const tokenAbi = parseAbi([
  "function balanceOf(address owner) view returns (uint256)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function decimals() view returns (uint8)",
  "function symbol() view returns (string)",
  "function transfer(address to, uint256 amount) returns (bool)",
  "function transferFrom(address from, address to, uint256 amount) returns (bool)",
  "function approve(address spender, uint256 amount) returns (bool)",
  "function increaseAllowance(address spender, uint256 addedValue) returns (bool)",
  "function mint(address to, uint256 amount)",
  "function burn(uint256 amount)",
]);
