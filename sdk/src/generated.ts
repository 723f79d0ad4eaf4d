//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// ABIRulePolicy
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const abiRulePolicyAbi = [
  {
    type: 'function',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'budgetId', type: 'bytes32' },
      { name: 'target', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'claimedTime', type: 'uint256' },
      { name: 'data', type: 'bytes' },
      { name: 'config', type: 'bytes' },
    ],
    name: 'checkCall',
    outputs: [{ name: 'validationData', type: 'uint256' }],
    stateMutability: 'nonpayable',
  },
  {
    type: 'error',
    inputs: [
      { name: 'word', type: 'uint256' },
      { name: 'typeCode', type: 'uint8' },
      { name: 'actual', type: 'bytes32' },
    ],
    name: 'ArgumentMalformed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'word', type: 'uint256' },
      { name: 'calldataLength', type: 'uint256' },
    ],
    name: 'ArgumentMissing',
  },
  {
    type: 'error',
    inputs: [
      { name: 'position', type: 'uint256' },
      { name: 'path', type: 'bytes' },
      { name: 'typeCode', type: 'uint8' },
      { name: 'test', type: 'uint8' },
      { name: 'comparison', type: 'uint8' },
      { name: 'expected', type: 'bytes' },
      { name: 'actual', type: 'bytes' },
    ],
    name: 'ArgumentRuleNotMet',
  },
  {
    type: 'error',
    inputs: [
      { name: 'position', type: 'uint256' },
      { name: 'path', type: 'bytes' },
      { name: 'offset', type: 'uint256' },
      { name: 'typeCode', type: 'uint8' },
      { name: 'expected', type: 'uint256' },
      { name: 'actual', type: 'uint256' },
    ],
    name: 'ArgumentsNotCanonical',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', type: 'uint256' }],
    name: 'InvalidConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'group', type: 'uint256' },
      { name: 'rules', type: 'uint256' },
      { name: 'word', type: 'uint256' },
      { name: 'actual', type: 'bytes32' },
    ],
    name: 'NoRuleMet',
  },
  {
    type: 'error',
    inputs: [
      { name: 'group', type: 'uint256' },
      { name: 'word', type: 'uint256' },
      { name: 'typeCode', type: 'uint8' },
      { name: 'comparison', type: 'uint8' },
      { name: 'expected', type: 'bytes' },
      { name: 'actual', type: 'bytes32' },
    ],
    name: 'RuleNotMet',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', type: 'uint256' }],
    name: 'RulesTooDeep',
  },
] as const

//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// ERC20LimitPolicy
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const erc20LimitPolicyAbi = [
  {
    type: 'function',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'budgetId', type: 'bytes32' },
      { name: 'target', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'claimedTime', type: 'uint256' },
      { name: 'data', type: 'bytes' },
      { name: 'config', type: 'bytes' },
    ],
    name: 'checkCall',
    outputs: [{ name: 'validationData', type: 'uint256' }],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'manager', type: 'address' },
      { name: 'budgetId', type: 'bytes32' },
      { name: 'account', type: 'address' },
    ],
    name: 'spent',
    outputs: [
      { name: 'total', type: 'uint256' },
      { name: 'inPeriod', type: 'uint256' },
      { name: 'period', type: 'uint256' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', type: 'uint256' },
      { name: 'amount', type: 'uint256' },
    ],
    name: 'CallLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'anchor', type: 'uint256' },
      { name: 'claimedTime', type: 'uint256' },
    ],
    name: 'ClaimedTimeTooEarly',
  },
  {
    type: 'error',
    inputs: [{ name: 'claimedTime', type: 'uint256' }],
    name: 'ClaimedTimeTooLate',
  },
  {
    type: 'error',
    inputs: [{ name: 'word', type: 'uint256' }],
    name: 'DirtyAddress',
  },
  {
    type: 'error',
    inputs: [{ name: 'selector', type: 'bytes4' }],
    name: 'FunctionNotAllowed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'expected', type: 'uint256' },
      { name: 'actual', type: 'uint256' },
    ],
    name: 'InvalidCalldataLength',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', type: 'uint256' }],
    name: 'InvalidConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'latestPeriod', type: 'uint256' },
      { name: 'claimedPeriod', type: 'uint256' },
    ],
    name: 'PeriodInPast',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', type: 'uint256' },
      { name: 'spent', type: 'uint256' },
      { name: 'amount', type: 'uint256' },
      { name: 'resetsAt', type: 'uint256' },
    ],
    name: 'PeriodLimitExceeded',
  },
  {
    type: 'error',
    inputs: [{ name: 'recipient', type: 'address' }],
    name: 'RecipientNotAllowed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', type: 'uint256' },
      { name: 'spent', type: 'uint256' },
      { name: 'amount', type: 'uint256' },
    ],
    name: 'TotalLimitExceeded',
  },
] as const

//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// GasLimitPolicy
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const gasLimitPolicyAbi = [
  {
    type: 'function',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'budgetId', type: 'bytes32' },
      {
        name: 'facts',
        type: 'tuple',
        components: [
          { name: 'cost', type: 'uint256' },
          { name: 'paymaster', type: 'address' },
          { name: 'calls', type: 'uint256' },
          { name: 'value', type: 'uint256' },
        ],
      },
      { name: 'claimedTime', type: 'uint256' },
      { name: 'config', type: 'bytes' },
    ],
    name: 'checkOperation',
    outputs: [{ name: 'validationData', type: 'uint256' }],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'manager', type: 'address' },
      { name: 'budgetId', type: 'bytes32' },
      { name: 'account', type: 'address' },
    ],
    name: 'spent',
    outputs: [
      { name: 'total', type: 'uint256' },
      { name: 'inPeriod', type: 'uint256' },
      { name: 'period', type: 'uint256' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', type: 'uint256' },
      { name: 'amount', type: 'uint256' },
    ],
    name: 'CallLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'anchor', type: 'uint256' },
      { name: 'claimedTime', type: 'uint256' },
    ],
    name: 'ClaimedTimeTooEarly',
  },
  {
    type: 'error',
    inputs: [{ name: 'claimedTime', type: 'uint256' }],
    name: 'ClaimedTimeTooLate',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', type: 'uint256' }],
    name: 'InvalidConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'latestPeriod', type: 'uint256' },
      { name: 'claimedPeriod', type: 'uint256' },
    ],
    name: 'PeriodInPast',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', type: 'uint256' },
      { name: 'spent', type: 'uint256' },
      { name: 'amount', type: 'uint256' },
      { name: 'resetsAt', type: 'uint256' },
    ],
    name: 'PeriodLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', type: 'uint256' },
      { name: 'spent', type: 'uint256' },
      { name: 'amount', type: 'uint256' },
    ],
    name: 'TotalLimitExceeded',
  },
] as const

//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// NativeLimitPolicy
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const nativeLimitPolicyAbi = [
  {
    type: 'function',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'budgetId', type: 'bytes32' },
      { name: 'target', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'claimedTime', type: 'uint256' },
      { name: 'data', type: 'bytes' },
      { name: 'config', type: 'bytes' },
    ],
    name: 'checkCall',
    outputs: [{ name: 'validationData', type: 'uint256' }],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'budgetId', type: 'bytes32' },
      {
        name: 'facts',
        type: 'tuple',
        components: [
          { name: 'cost', type: 'uint256' },
          { name: 'paymaster', type: 'address' },
          { name: 'calls', type: 'uint256' },
          { name: 'value', type: 'uint256' },
        ],
      },
      { name: 'claimedTime', type: 'uint256' },
      { name: 'config', type: 'bytes' },
    ],
    name: 'checkOperation',
    outputs: [{ name: 'validationData', type: 'uint256' }],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'manager', type: 'address' },
      { name: 'budgetId', type: 'bytes32' },
      { name: 'account', type: 'address' },
    ],
    name: 'spent',
    outputs: [
      { name: 'total', type: 'uint256' },
      { name: 'inPeriod', type: 'uint256' },
      { name: 'period', type: 'uint256' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', type: 'uint256' },
      { name: 'amount', type: 'uint256' },
    ],
    name: 'CallLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'anchor', type: 'uint256' },
      { name: 'claimedTime', type: 'uint256' },
    ],
    name: 'ClaimedTimeTooEarly',
  },
  {
    type: 'error',
    inputs: [{ name: 'claimedTime', type: 'uint256' }],
    name: 'ClaimedTimeTooLate',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', type: 'uint256' }],
    name: 'InvalidConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'latestPeriod', type: 'uint256' },
      { name: 'claimedPeriod', type: 'uint256' },
    ],
    name: 'PeriodInPast',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', type: 'uint256' },
      { name: 'spent', type: 'uint256' },
      { name: 'amount', type: 'uint256' },
      { name: 'resetsAt', type: 'uint256' },
    ],
    name: 'PeriodLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', type: 'uint256' },
      { name: 'spent', type: 'uint256' },
      { name: 'amount', type: 'uint256' },
    ],
    name: 'TotalLimitExceeded',
  },
] as const

//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// SessionKeyManager
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const sessionKeyManagerAbi = [
  {
    type: 'function',
    inputs: [],
    name: 'eip712Domain',
    outputs: [
      { name: 'fields', type: 'bytes1' },
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
      { name: 'salt', type: 'bytes32' },
      { name: 'extensions', type: 'uint256[]' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'account', type: 'address' }],
    name: 'epochOf',
    outputs: [{ name: '', type: 'uint64' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'sessions',
        type: 'tuple[]',
        components: [
          { name: 'account', type: 'address' },
          { name: 'chainId', type: 'uint256' },
          { name: 'epoch', type: 'uint64' },
          { name: 'validAfter', type: 'uint48' },
          { name: 'validUntil', type: 'uint48' },
          { name: 'salt', type: 'bytes32' },
          { name: 'sessionKey', type: 'bytes' },
          { name: 'paymaster', type: 'address' },
          { name: 'maxOpCost', type: 'uint128' },
          {
            name: 'operationPolicies',
            type: 'tuple[]',
            components: [
              { name: 'policy', type: 'address' },
              { name: 'config', type: 'bytes' },
            ],
          },
          {
            name: 'signaturePolicies',
            type: 'tuple[]',
            components: [
              { name: 'policy', type: 'address' },
              { name: 'config', type: 'bytes' },
            ],
          },
          {
            name: 'actions',
            type: 'tuple[]',
            components: [
              { name: 'target', type: 'address' },
              { name: 'selector', type: 'bytes4' },
              { name: 'maxValue', type: 'uint256' },
              {
                name: 'policies',
                type: 'tuple[]',
                components: [
                  { name: 'policy', type: 'address' },
                  { name: 'config', type: 'bytes' },
                ],
              },
            ],
          },
        ],
      },
    ],
    name: 'grantAndPublishSessions',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [{ name: 'ids', type: 'bytes32[]' }],
    name: 'grantSessions',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'session',
        type: 'tuple',
        components: [
          { name: 'account', type: 'address' },
          { name: 'chainId', type: 'uint256' },
          { name: 'epoch', type: 'uint64' },
          { name: 'validAfter', type: 'uint48' },
          { name: 'validUntil', type: 'uint48' },
          { name: 'salt', type: 'bytes32' },
          { name: 'sessionKey', type: 'bytes' },
          { name: 'paymaster', type: 'address' },
          { name: 'maxOpCost', type: 'uint128' },
          {
            name: 'operationPolicies',
            type: 'tuple[]',
            components: [
              { name: 'policy', type: 'address' },
              { name: 'config', type: 'bytes' },
            ],
          },
          {
            name: 'signaturePolicies',
            type: 'tuple[]',
            components: [
              { name: 'policy', type: 'address' },
              { name: 'config', type: 'bytes' },
            ],
          },
          {
            name: 'actions',
            type: 'tuple[]',
            components: [
              { name: 'target', type: 'address' },
              { name: 'selector', type: 'bytes4' },
              { name: 'maxValue', type: 'uint256' },
              {
                name: 'policies',
                type: 'tuple[]',
                components: [
                  { name: 'policy', type: 'address' },
                  { name: 'config', type: 'bytes' },
                ],
              },
            ],
          },
        ],
      },
    ],
    name: 'hashSession',
    outputs: [{ name: 'id', type: 'bytes32' }],
    stateMutability: 'pure',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'sessions',
        type: 'tuple[]',
        components: [
          { name: 'account', type: 'address' },
          { name: 'chainId', type: 'uint256' },
          { name: 'epoch', type: 'uint64' },
          { name: 'validAfter', type: 'uint48' },
          { name: 'validUntil', type: 'uint48' },
          { name: 'salt', type: 'bytes32' },
          { name: 'sessionKey', type: 'bytes' },
          { name: 'paymaster', type: 'address' },
          { name: 'maxOpCost', type: 'uint128' },
          {
            name: 'operationPolicies',
            type: 'tuple[]',
            components: [
              { name: 'policy', type: 'address' },
              { name: 'config', type: 'bytes' },
            ],
          },
          {
            name: 'signaturePolicies',
            type: 'tuple[]',
            components: [
              { name: 'policy', type: 'address' },
              { name: 'config', type: 'bytes' },
            ],
          },
          {
            name: 'actions',
            type: 'tuple[]',
            components: [
              { name: 'target', type: 'address' },
              { name: 'selector', type: 'bytes4' },
              { name: 'maxValue', type: 'uint256' },
              {
                name: 'policies',
                type: 'tuple[]',
                components: [
                  { name: 'policy', type: 'address' },
                  { name: 'config', type: 'bytes' },
                ],
              },
            ],
          },
        ],
      },
    ],
    name: 'hashSessionBundle',
    outputs: [{ name: 'digest', type: 'bytes32' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'userOpHash', type: 'bytes32' },
      { name: 'id', type: 'bytes32' },
      { name: 'use', type: 'bytes32' },
    ],
    name: 'hashUse',
    outputs: [{ name: 'digest', type: 'bytes32' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'account', type: 'address' }],
    name: 'isInitialized',
    outputs: [{ name: '', type: 'bool' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'moduleTypeId', type: 'uint256' }],
    name: 'isModuleType',
    outputs: [{ name: '', type: 'bool' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'sender', type: 'address' },
      { name: 'hash', type: 'bytes32' },
      { name: 'signature', type: 'bytes' },
    ],
    name: 'isValidSignatureWithSender',
    outputs: [{ name: '', type: 'bytes4' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'data', type: 'bytes' }],
    name: 'onInstall',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [{ name: 'data', type: 'bytes' }],
    name: 'onUninstall',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [{ name: 'nextEpoch', type: 'uint64' }],
    name: 'revokeAll',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [{ name: 'ids', type: 'bytes32[]' }],
    name: 'revokeSessions',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'id', type: 'bytes32' },
    ],
    name: 'sessionStatus',
    outputs: [{ name: '', type: 'uint8' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'rule', type: 'bytes' }],
    name: 'setSignedGrants',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [],
    name: 'signatureChecker',
    outputs: [{ name: '', type: 'address' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'account', type: 'address' }],
    name: 'signedGrantsOf',
    outputs: [
      { name: 'allowed', type: 'bool' },
      { name: 'prefix', type: 'bytes' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'budgetId', type: 'bytes32' },
      { name: 'account', type: 'address' },
    ],
    name: 'spent',
    outputs: [
      { name: 'total', type: 'uint256' },
      { name: 'inPeriod', type: 'uint256' },
      { name: 'period', type: 'uint256' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'userOp',
        type: 'tuple',
        components: [
          { name: 'sender', type: 'address' },
          { name: 'nonce', type: 'uint256' },
          { name: 'initCode', type: 'bytes' },
          { name: 'callData', type: 'bytes' },
          { name: 'accountGasLimits', type: 'bytes32' },
          { name: 'preVerificationGas', type: 'uint256' },
          { name: 'gasFees', type: 'bytes32' },
          { name: 'paymasterAndData', type: 'bytes' },
          { name: 'signature', type: 'bytes' },
        ],
      },
      { name: 'userOpHash', type: 'bytes32' },
    ],
    name: 'validateUserOp',
    outputs: [{ name: '', type: 'uint256' }],
    stateMutability: 'nonpayable',
  },
  { type: 'event', anonymous: false, inputs: [], name: 'EIP712DomainChanged' },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      { name: 'account', type: 'address', indexed: true },
      { name: 'previousEpoch', type: 'uint64', indexed: false },
      { name: 'epoch', type: 'uint64', indexed: false },
    ],
    name: 'EpochMoved',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [{ name: 'account', type: 'address', indexed: true }],
    name: 'ManagerInstalled',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [{ name: 'account', type: 'address', indexed: true }],
    name: 'ManagerUninstalled',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      { name: 'account', type: 'address', indexed: true },
      { name: 'id', type: 'bytes32', indexed: true },
    ],
    name: 'SessionGranted',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      { name: 'account', type: 'address', indexed: true },
      { name: 'id', type: 'bytes32', indexed: true },
      { name: 'session', type: 'bytes', indexed: false },
    ],
    name: 'SessionPublished',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      { name: 'account', type: 'address', indexed: true },
      { name: 'id', type: 'bytes32', indexed: true },
    ],
    name: 'SessionRevoked',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      { name: 'account', type: 'address', indexed: true },
      { name: 'allowed', type: 'bool', indexed: false },
      { name: 'prefix', type: 'bytes', indexed: false },
    ],
    name: 'SignedGrantsSet',
  },
  {
    type: 'error',
    inputs: [{ name: 'actions', type: 'uint256' }],
    name: 'ActionNotClaimed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'callIndex', type: 'uint256' },
      { name: 'actionIndex', type: 'uint256' },
    ],
    name: 'ActionNotRevealed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'actionIndex', type: 'uint256' },
    ],
    name: 'ActionTooBroad',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'callIndex', type: 'uint256' },
      { name: 'length', type: 'uint256' },
    ],
    name: 'CalldataTooShort',
  },
  { type: 'error', inputs: [], name: 'EmptyBatch' },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'validAfter', type: 'uint256' },
      { name: 'validUntil', type: 'uint256' },
    ],
    name: 'EmptyWindow',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'sessionEpoch', type: 'uint64' },
      { name: 'accountEpoch', type: 'uint64' },
    ],
    name: 'EpochMismatch',
  },
  {
    type: 'error',
    inputs: [{ name: 'selector', type: 'bytes4' }],
    name: 'FunctionNotExecute',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'digest', type: 'bytes32' },
      { name: 'answer', type: 'bytes' },
    ],
    name: 'GrantNotSigned',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'expected', type: 'bytes' },
      { name: 'actual', type: 'bytes' },
    ],
    name: 'GrantPrefixMismatch',
  },
  {
    type: 'error',
    inputs: [{ name: 'length', type: 'uint256' }],
    name: 'InitializerNotAllowed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'epoch', type: 'uint64' },
      { name: 'nextEpoch', type: 'uint64' },
    ],
    name: 'InvalidEpoch',
  },
  {
    type: 'error',
    inputs: [{ name: 'rule', type: 'bytes' }],
    name: 'InvalidGrantRule',
  },
  {
    type: 'error',
    inputs: [{ name: 'length', type: 'uint256' }],
    name: 'InvalidPaymasterData',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'policy', type: 'address' },
      { name: 'length', type: 'uint256' },
    ],
    name: 'InvalidPolicyAnswer',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'policy', type: 'address' },
      { name: 'validationData', type: 'uint256' },
    ],
    name: 'InvalidPolicyValidationData',
  },
  {
    type: 'error',
    inputs: [
      { name: 'expected', type: 'uint256' },
      { name: 'actual', type: 'uint256' },
    ],
    name: 'InvalidSignatureLength',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'verifier', type: 'address' },
      { name: 'length', type: 'uint256' },
    ],
    name: 'InvalidVerifierAnswer',
  },
  {
    type: 'error',
    inputs: [{ name: 'mode', type: 'bytes32' }],
    name: 'ModeNotAllowed',
  },
  { type: 'error', inputs: [], name: 'NoSessions' },
  {
    type: 'error',
    inputs: [{ name: 'position', type: 'uint256' }],
    name: 'NonCanonicalExecution',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', type: 'uint256' }],
    name: 'NonCanonicalUse',
  },
  {
    type: 'error',
    inputs: [{ name: 'account', type: 'address' }],
    name: 'NotInstalled',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'callIndex', type: 'uint256' },
    ],
    name: 'NotOwnRevocation',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'maxOpCost', type: 'uint256' },
      { name: 'opCost', type: 'uint256' },
    ],
    name: 'OpCostExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'policyIndex', type: 'uint256' },
      { name: 'policy', type: 'address' },
      { name: 'reason', type: 'bytes' },
    ],
    name: 'OperationPolicyRefused',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'allowed', type: 'address' },
      { name: 'actual', type: 'address' },
    ],
    name: 'PaymasterNotAllowed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'callIndex', type: 'uint256' },
      { name: 'actionIndex', type: 'uint256' },
      { name: 'policy', type: 'address' },
      { name: 'reason', type: 'bytes' },
    ],
    name: 'PolicyRefused',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'published', type: 'bytes32' },
    ],
    name: 'PublicationDiffers',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'root', type: 'bytes32' },
    ],
    name: 'RootIsRevoked',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'root', type: 'bytes32' },
    ],
    name: 'RootNotGranted',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'callIndex', type: 'uint256' },
      { name: 'selector', type: 'bytes4' },
    ],
    name: 'SelectorForbidden',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'callIndex', type: 'uint256' },
      { name: 'actionIndex', type: 'uint256' },
      { name: 'expected', type: 'bytes4' },
      { name: 'actual', type: 'bytes4' },
    ],
    name: 'SelectorNotAllowed',
  },
  {
    type: 'error',
    inputs: [{ name: 'id', type: 'bytes32' }],
    name: 'SessionIsRevoked',
  },
  {
    type: 'error',
    inputs: [{ name: 'length', type: 'uint256' }],
    name: 'SessionKeyNotSupported',
  },
  {
    type: 'error',
    inputs: [{ name: 'id', type: 'bytes32' }],
    name: 'SessionNotGranted',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'account', type: 'address' },
    ],
    name: 'SessionOfAnotherAccount',
  },
  {
    type: 'error',
    inputs: [{ name: 'account', type: 'address' }],
    name: 'SignedGrantsOff',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'callIndex', type: 'uint256' },
      { name: 'target', type: 'address' },
    ],
    name: 'TargetForbidden',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'callIndex', type: 'uint256' },
      { name: 'target', type: 'address' },
    ],
    name: 'TargetIsModule',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'callIndex', type: 'uint256' },
      { name: 'actionIndex', type: 'uint256' },
      { name: 'expected', type: 'address' },
      { name: 'actual', type: 'address' },
    ],
    name: 'TargetNotAllowed',
  },
  {
    type: 'error',
    inputs: [{ name: 'time', type: 'uint256' }],
    name: 'TimeOutOfRange',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'callIndex', type: 'uint256' },
      { name: 'actionIndex', type: 'uint256' },
      { name: 'maxValue', type: 'uint256' },
      { name: 'value', type: 'uint256' },
    ],
    name: 'ValueExceeded',
  },
  { type: 'error', inputs: [], name: 'ZeroSessionId' },
] as const

//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// SessionKeyManagerUse
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const sessionKeyManagerUseAbi = [
  {
    type: 'function',
    inputs: [
      {
        name: 'session',
        type: 'tuple',
        components: [
          { name: 'account', type: 'address' },
          { name: 'chainId', type: 'uint256' },
          { name: 'epoch', type: 'uint64' },
          { name: 'validAfter', type: 'uint48' },
          { name: 'validUntil', type: 'uint48' },
          { name: 'salt', type: 'bytes32' },
          { name: 'sessionKey', type: 'bytes' },
          { name: 'paymaster', type: 'address' },
          { name: 'maxOpCost', type: 'uint128' },
          {
            name: 'operationPolicies',
            type: 'tuple[]',
            components: [
              { name: 'policy', type: 'address' },
              { name: 'config', type: 'bytes' },
            ],
          },
          {
            name: 'signaturePolicies',
            type: 'tuple[]',
            components: [
              { name: 'policy', type: 'address' },
              { name: 'config', type: 'bytes' },
            ],
          },
          {
            name: 'actions',
            type: 'tuple[]',
            components: [
              { name: 'target', type: 'address' },
              { name: 'selector', type: 'bytes4' },
              { name: 'maxValue', type: 'uint256' },
              {
                name: 'policies',
                type: 'tuple[]',
                components: [
                  { name: 'policy', type: 'address' },
                  { name: 'config', type: 'bytes' },
                ],
              },
            ],
          },
        ],
      },
    ],
    name: 'hashSession',
    outputs: [{ name: 'id', type: 'bytes32' }],
    stateMutability: 'pure',
  },
  {
    type: 'function',
    inputs: [{ name: 'account', type: 'address' }],
    name: 'isInitialized',
    outputs: [{ name: '', type: 'bool' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'ids', type: 'bytes32[]' }],
    name: 'revokeSessions',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'id', type: 'bytes32' },
    ],
    name: 'sessionStatus',
    outputs: [{ name: '', type: 'uint8' }],
    stateMutability: 'view',
  },
] as const

//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// SignatureChecker
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const signatureCheckerAbi = [
  {
    type: 'function',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'sender', type: 'address' },
      { name: 'hash', type: 'bytes32' },
      { name: 'signature', type: 'bytes' },
    ],
    name: 'checkSignature',
    outputs: [{ name: '', type: 'bytes4' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'manager',
    outputs: [{ name: '', type: 'address' }],
    stateMutability: 'view',
  },
  {
    type: 'error',
    inputs: [
      { name: 'hash', type: 'bytes32' },
      { name: 'actual', type: 'bytes32' },
    ],
    name: 'ContentDiffers',
  },
  {
    type: 'error',
    inputs: [{ name: 'primaryType', type: 'string' }],
    name: 'ContentForbidden',
  },
  {
    type: 'error',
    inputs: [
      { name: 'separator', type: 'bytes32' },
      { name: 'actual', type: 'bytes32' },
    ],
    name: 'DomainDiffers',
  },
  {
    type: 'error',
    inputs: [{ name: 'chainId', type: 'uint256' }],
    name: 'DomainOfAnotherChain',
  },
  {
    type: 'error',
    inputs: [{ name: 'id', type: 'bytes32' }],
    name: 'NotSignedByKey',
  },
  { type: 'error', inputs: [], name: 'NothingMayBeSigned' },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'validAfter', type: 'uint256' },
      { name: 'validUntil', type: 'uint256' },
      { name: 'time', type: 'uint256' },
    ],
    name: 'OutsideWindow',
  },
  {
    type: 'error',
    inputs: [{ name: 'sender', type: 'address' }],
    name: 'SenderForbidden',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', type: 'bytes32' },
      { name: 'policyIndex', type: 'uint256' },
      { name: 'policy', type: 'address' },
      { name: 'reason', type: 'bytes' },
    ],
    name: 'SignaturePolicyRefused',
  },
  {
    type: 'error',
    inputs: [{ name: 'verifyingContract', type: 'address' }],
    name: 'VerifyingContractForbidden',
  },
] as const

//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// TypedDataPolicy
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const typedDataPolicyAbi = [
  {
    type: 'function',
    inputs: [],
    name: 'abiRulePolicy',
    outputs: [{ name: '', type: 'address' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'sender', type: 'address' },
      { name: 'message', type: 'bytes' },
      { name: 'config', type: 'bytes' },
    ],
    name: 'checkPersonalMessage',
    outputs: [{ name: 'validationData', type: 'uint256' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'sender', type: 'address' },
      {
        name: 'typedData',
        type: 'tuple',
        components: [
          {
            name: 'domain',
            type: 'tuple',
            components: [
              { name: 'fields', type: 'bytes1' },
              { name: 'nameHash', type: 'bytes32' },
              { name: 'versionHash', type: 'bytes32' },
              { name: 'chainId', type: 'uint256' },
              { name: 'verifyingContract', type: 'address' },
              { name: 'salt', type: 'bytes32' },
              { name: 'separator', type: 'bytes32' },
            ],
          },
          { name: 'primaryType', type: 'string' },
          { name: 'encodedType', type: 'string' },
          { name: 'contentsHash', type: 'bytes32' },
          { name: 'witness', type: 'bytes' },
        ],
      },
      { name: 'config', type: 'bytes' },
    ],
    name: 'checkTypedData',
    outputs: [{ name: 'validationData', type: 'uint256' }],
    stateMutability: 'view',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', type: 'uint256' }],
    name: 'InvalidConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'expected', type: 'uint256' },
      { name: 'actual', type: 'uint256' },
    ],
    name: 'InvalidWitnessLength',
  },
  {
    type: 'error',
    inputs: [{ name: 'length', type: 'uint256' }],
    name: 'PersonalMessageNotAllowed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'primaryType', type: 'string' },
      { name: 'word', type: 'uint256' },
      { name: 'bound', type: 'uint256' },
    ],
    name: 'RuleMissing',
  },
  {
    type: 'error',
    inputs: [{ name: 'reason', type: 'bytes' }],
    name: 'RulesNotMet',
  },
  {
    type: 'error',
    inputs: [{ name: 'primaryType', type: 'string' }],
    name: 'TypeForbidden',
  },
  {
    type: 'error',
    inputs: [
      { name: 'domainSeparator', type: 'bytes32' },
      { name: 'typeHash', type: 'bytes32' },
    ],
    name: 'TypedDataNotAllowed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'structIndex', type: 'uint256' },
      { name: 'expected', type: 'bytes32' },
      { name: 'actual', type: 'bytes32' },
    ],
    name: 'WitnessDiffers',
  },
] as const

//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// UsageLimitPolicy
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const usageLimitPolicyAbi = [
  {
    type: 'function',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'budgetId', type: 'bytes32' },
      { name: 'target', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'claimedTime', type: 'uint256' },
      { name: 'data', type: 'bytes' },
      { name: 'config', type: 'bytes' },
    ],
    name: 'checkCall',
    outputs: [{ name: 'validationData', type: 'uint256' }],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', type: 'address' },
      { name: 'budgetId', type: 'bytes32' },
      {
        name: 'facts',
        type: 'tuple',
        components: [
          { name: 'cost', type: 'uint256' },
          { name: 'paymaster', type: 'address' },
          { name: 'calls', type: 'uint256' },
          { name: 'value', type: 'uint256' },
        ],
      },
      { name: 'claimedTime', type: 'uint256' },
      { name: 'config', type: 'bytes' },
    ],
    name: 'checkOperation',
    outputs: [{ name: 'validationData', type: 'uint256' }],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'manager', type: 'address' },
      { name: 'budgetId', type: 'bytes32' },
      { name: 'account', type: 'address' },
    ],
    name: 'spent',
    outputs: [
      { name: 'total', type: 'uint256' },
      { name: 'inPeriod', type: 'uint256' },
      { name: 'period', type: 'uint256' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', type: 'uint256' },
      { name: 'amount', type: 'uint256' },
    ],
    name: 'CallLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'anchor', type: 'uint256' },
      { name: 'claimedTime', type: 'uint256' },
    ],
    name: 'ClaimedTimeTooEarly',
  },
  {
    type: 'error',
    inputs: [{ name: 'claimedTime', type: 'uint256' }],
    name: 'ClaimedTimeTooLate',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', type: 'uint256' }],
    name: 'InvalidConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'latestPeriod', type: 'uint256' },
      { name: 'claimedPeriod', type: 'uint256' },
    ],
    name: 'PeriodInPast',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', type: 'uint256' },
      { name: 'spent', type: 'uint256' },
      { name: 'amount', type: 'uint256' },
      { name: 'resetsAt', type: 'uint256' },
    ],
    name: 'PeriodLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', type: 'uint256' },
      { name: 'spent', type: 'uint256' },
      { name: 'amount', type: 'uint256' },
    ],
    name: 'TotalLimitExceeded',
  },
] as const
