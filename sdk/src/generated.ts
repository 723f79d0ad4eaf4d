//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////
// ABIRulePolicy
//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////

export const abiRulePolicyAbi = [
  {
    type: 'function',
    inputs: [
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'budgetId', internalType: 'bytes32', type: 'bytes32' },
      { name: 'target', internalType: 'address', type: 'address' },
      { name: 'value', internalType: 'uint256', type: 'uint256' },
      { name: 'claimedTime', internalType: 'uint256', type: 'uint256' },
      { name: 'data', internalType: 'bytes', type: 'bytes' },
      { name: 'config', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'checkCall',
    outputs: [
      { name: 'validationData', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'nonpayable',
  },
  {
    type: 'error',
    inputs: [
      { name: 'word', internalType: 'uint256', type: 'uint256' },
      { name: 'typeCode', internalType: 'uint8', type: 'uint8' },
      { name: 'actual', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'ArgumentMalformed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'word', internalType: 'uint256', type: 'uint256' },
      { name: 'calldataLength', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'ArgumentMissing',
  },
  {
    type: 'error',
    inputs: [
      { name: 'position', internalType: 'uint256', type: 'uint256' },
      { name: 'path', internalType: 'bytes', type: 'bytes' },
      { name: 'typeCode', internalType: 'uint8', type: 'uint8' },
      { name: 'test', internalType: 'uint8', type: 'uint8' },
      { name: 'comparison', internalType: 'uint8', type: 'uint8' },
      { name: 'expected', internalType: 'bytes', type: 'bytes' },
      { name: 'actual', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'ArgumentRuleNotMet',
  },
  {
    type: 'error',
    inputs: [
      { name: 'position', internalType: 'uint256', type: 'uint256' },
      { name: 'path', internalType: 'bytes', type: 'bytes' },
      { name: 'offset', internalType: 'uint256', type: 'uint256' },
      { name: 'typeCode', internalType: 'uint8', type: 'uint8' },
      { name: 'expected', internalType: 'uint256', type: 'uint256' },
      { name: 'actual', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'ArgumentsNotCanonical',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', internalType: 'uint256', type: 'uint256' }],
    name: 'InvalidConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'group', internalType: 'uint256', type: 'uint256' },
      { name: 'rules', internalType: 'uint256', type: 'uint256' },
      { name: 'word', internalType: 'uint256', type: 'uint256' },
      { name: 'actual', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'NoRuleMet',
  },
  {
    type: 'error',
    inputs: [
      { name: 'group', internalType: 'uint256', type: 'uint256' },
      { name: 'word', internalType: 'uint256', type: 'uint256' },
      { name: 'typeCode', internalType: 'uint8', type: 'uint8' },
      { name: 'comparison', internalType: 'uint8', type: 'uint8' },
      { name: 'expected', internalType: 'bytes', type: 'bytes' },
      { name: 'actual', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'RuleNotMet',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', internalType: 'uint256', type: 'uint256' }],
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
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'budgetId', internalType: 'bytes32', type: 'bytes32' },
      { name: 'target', internalType: 'address', type: 'address' },
      { name: 'value', internalType: 'uint256', type: 'uint256' },
      { name: 'claimedTime', internalType: 'uint256', type: 'uint256' },
      { name: 'data', internalType: 'bytes', type: 'bytes' },
      { name: 'config', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'checkCall',
    outputs: [
      { name: 'validationData', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'manager', internalType: 'address', type: 'address' },
      { name: 'budgetId', internalType: 'bytes32', type: 'bytes32' },
      { name: 'account', internalType: 'address', type: 'address' },
    ],
    name: 'spent',
    outputs: [
      { name: 'total', internalType: 'uint256', type: 'uint256' },
      { name: 'inPeriod', internalType: 'uint256', type: 'uint256' },
      { name: 'period', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', internalType: 'uint256', type: 'uint256' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'CallLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'anchor', internalType: 'uint256', type: 'uint256' },
      { name: 'claimedTime', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'ClaimedTimeTooEarly',
  },
  {
    type: 'error',
    inputs: [{ name: 'claimedTime', internalType: 'uint256', type: 'uint256' }],
    name: 'ClaimedTimeTooLate',
  },
  {
    type: 'error',
    inputs: [{ name: 'word', internalType: 'uint256', type: 'uint256' }],
    name: 'DirtyAddress',
  },
  {
    type: 'error',
    inputs: [{ name: 'selector', internalType: 'bytes4', type: 'bytes4' }],
    name: 'FunctionNotAllowed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'expected', internalType: 'uint256', type: 'uint256' },
      { name: 'actual', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'InvalidCalldataLength',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', internalType: 'uint256', type: 'uint256' }],
    name: 'InvalidConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'latestPeriod', internalType: 'uint256', type: 'uint256' },
      { name: 'claimedPeriod', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'PeriodInPast',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', internalType: 'uint256', type: 'uint256' },
      { name: 'spent', internalType: 'uint256', type: 'uint256' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
      { name: 'resetsAt', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'PeriodLimitExceeded',
  },
  {
    type: 'error',
    inputs: [{ name: 'recipient', internalType: 'address', type: 'address' }],
    name: 'RecipientNotAllowed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', internalType: 'uint256', type: 'uint256' },
      { name: 'spent', internalType: 'uint256', type: 'uint256' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
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
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'budgetId', internalType: 'bytes32', type: 'bytes32' },
      {
        name: 'facts',
        internalType: 'struct OperationFacts',
        type: 'tuple',
        components: [
          { name: 'cost', internalType: 'uint256', type: 'uint256' },
          { name: 'paymaster', internalType: 'address', type: 'address' },
          { name: 'calls', internalType: 'uint256', type: 'uint256' },
          { name: 'value', internalType: 'uint256', type: 'uint256' },
        ],
      },
      { name: 'claimedTime', internalType: 'uint256', type: 'uint256' },
      { name: 'config', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'checkOperation',
    outputs: [
      { name: 'validationData', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'manager', internalType: 'address', type: 'address' },
      { name: 'budgetId', internalType: 'bytes32', type: 'bytes32' },
      { name: 'account', internalType: 'address', type: 'address' },
    ],
    name: 'spent',
    outputs: [
      { name: 'total', internalType: 'uint256', type: 'uint256' },
      { name: 'inPeriod', internalType: 'uint256', type: 'uint256' },
      { name: 'period', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', internalType: 'uint256', type: 'uint256' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'CallLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'anchor', internalType: 'uint256', type: 'uint256' },
      { name: 'claimedTime', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'ClaimedTimeTooEarly',
  },
  {
    type: 'error',
    inputs: [{ name: 'claimedTime', internalType: 'uint256', type: 'uint256' }],
    name: 'ClaimedTimeTooLate',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', internalType: 'uint256', type: 'uint256' }],
    name: 'InvalidConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'latestPeriod', internalType: 'uint256', type: 'uint256' },
      { name: 'claimedPeriod', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'PeriodInPast',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', internalType: 'uint256', type: 'uint256' },
      { name: 'spent', internalType: 'uint256', type: 'uint256' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
      { name: 'resetsAt', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'PeriodLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', internalType: 'uint256', type: 'uint256' },
      { name: 'spent', internalType: 'uint256', type: 'uint256' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
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
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'budgetId', internalType: 'bytes32', type: 'bytes32' },
      { name: 'target', internalType: 'address', type: 'address' },
      { name: 'value', internalType: 'uint256', type: 'uint256' },
      { name: 'claimedTime', internalType: 'uint256', type: 'uint256' },
      { name: 'data', internalType: 'bytes', type: 'bytes' },
      { name: 'config', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'checkCall',
    outputs: [
      { name: 'validationData', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'budgetId', internalType: 'bytes32', type: 'bytes32' },
      {
        name: 'facts',
        internalType: 'struct OperationFacts',
        type: 'tuple',
        components: [
          { name: 'cost', internalType: 'uint256', type: 'uint256' },
          { name: 'paymaster', internalType: 'address', type: 'address' },
          { name: 'calls', internalType: 'uint256', type: 'uint256' },
          { name: 'value', internalType: 'uint256', type: 'uint256' },
        ],
      },
      { name: 'claimedTime', internalType: 'uint256', type: 'uint256' },
      { name: 'config', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'checkOperation',
    outputs: [
      { name: 'validationData', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'manager', internalType: 'address', type: 'address' },
      { name: 'budgetId', internalType: 'bytes32', type: 'bytes32' },
      { name: 'account', internalType: 'address', type: 'address' },
    ],
    name: 'spent',
    outputs: [
      { name: 'total', internalType: 'uint256', type: 'uint256' },
      { name: 'inPeriod', internalType: 'uint256', type: 'uint256' },
      { name: 'period', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', internalType: 'uint256', type: 'uint256' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'CallLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'anchor', internalType: 'uint256', type: 'uint256' },
      { name: 'claimedTime', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'ClaimedTimeTooEarly',
  },
  {
    type: 'error',
    inputs: [{ name: 'claimedTime', internalType: 'uint256', type: 'uint256' }],
    name: 'ClaimedTimeTooLate',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', internalType: 'uint256', type: 'uint256' }],
    name: 'InvalidConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'latestPeriod', internalType: 'uint256', type: 'uint256' },
      { name: 'claimedPeriod', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'PeriodInPast',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', internalType: 'uint256', type: 'uint256' },
      { name: 'spent', internalType: 'uint256', type: 'uint256' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
      { name: 'resetsAt', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'PeriodLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', internalType: 'uint256', type: 'uint256' },
      { name: 'spent', internalType: 'uint256', type: 'uint256' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
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
      { name: 'fields', internalType: 'bytes1', type: 'bytes1' },
      { name: 'name', internalType: 'string', type: 'string' },
      { name: 'version', internalType: 'string', type: 'string' },
      { name: 'chainId', internalType: 'uint256', type: 'uint256' },
      { name: 'verifyingContract', internalType: 'address', type: 'address' },
      { name: 'salt', internalType: 'bytes32', type: 'bytes32' },
      { name: 'extensions', internalType: 'uint256[]', type: 'uint256[]' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'account', internalType: 'address', type: 'address' }],
    name: 'epochOf',
    outputs: [{ name: '', internalType: 'uint64', type: 'uint64' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'sessions',
        internalType: 'struct Session[]',
        type: 'tuple[]',
        components: [
          { name: 'account', internalType: 'address', type: 'address' },
          { name: 'chainId', internalType: 'uint256', type: 'uint256' },
          { name: 'epoch', internalType: 'uint64', type: 'uint64' },
          { name: 'validAfter', internalType: 'uint48', type: 'uint48' },
          { name: 'validUntil', internalType: 'uint48', type: 'uint48' },
          { name: 'salt', internalType: 'bytes32', type: 'bytes32' },
          { name: 'sessionKey', internalType: 'bytes', type: 'bytes' },
          { name: 'paymaster', internalType: 'address', type: 'address' },
          { name: 'maxOpCost', internalType: 'uint128', type: 'uint128' },
          {
            name: 'operationPolicies',
            internalType: 'struct Policy[]',
            type: 'tuple[]',
            components: [
              { name: 'policy', internalType: 'address', type: 'address' },
              { name: 'config', internalType: 'bytes', type: 'bytes' },
            ],
          },
          {
            name: 'signaturePolicies',
            internalType: 'struct Policy[]',
            type: 'tuple[]',
            components: [
              { name: 'policy', internalType: 'address', type: 'address' },
              { name: 'config', internalType: 'bytes', type: 'bytes' },
            ],
          },
          {
            name: 'actions',
            internalType: 'struct Action[]',
            type: 'tuple[]',
            components: [
              { name: 'target', internalType: 'address', type: 'address' },
              { name: 'selector', internalType: 'bytes4', type: 'bytes4' },
              { name: 'maxValue', internalType: 'uint256', type: 'uint256' },
              {
                name: 'policies',
                internalType: 'struct Policy[]',
                type: 'tuple[]',
                components: [
                  { name: 'policy', internalType: 'address', type: 'address' },
                  { name: 'config', internalType: 'bytes', type: 'bytes' },
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
    inputs: [{ name: 'ids', internalType: 'bytes32[]', type: 'bytes32[]' }],
    name: 'grantSessions',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'session',
        internalType: 'struct Session',
        type: 'tuple',
        components: [
          { name: 'account', internalType: 'address', type: 'address' },
          { name: 'chainId', internalType: 'uint256', type: 'uint256' },
          { name: 'epoch', internalType: 'uint64', type: 'uint64' },
          { name: 'validAfter', internalType: 'uint48', type: 'uint48' },
          { name: 'validUntil', internalType: 'uint48', type: 'uint48' },
          { name: 'salt', internalType: 'bytes32', type: 'bytes32' },
          { name: 'sessionKey', internalType: 'bytes', type: 'bytes' },
          { name: 'paymaster', internalType: 'address', type: 'address' },
          { name: 'maxOpCost', internalType: 'uint128', type: 'uint128' },
          {
            name: 'operationPolicies',
            internalType: 'struct Policy[]',
            type: 'tuple[]',
            components: [
              { name: 'policy', internalType: 'address', type: 'address' },
              { name: 'config', internalType: 'bytes', type: 'bytes' },
            ],
          },
          {
            name: 'signaturePolicies',
            internalType: 'struct Policy[]',
            type: 'tuple[]',
            components: [
              { name: 'policy', internalType: 'address', type: 'address' },
              { name: 'config', internalType: 'bytes', type: 'bytes' },
            ],
          },
          {
            name: 'actions',
            internalType: 'struct Action[]',
            type: 'tuple[]',
            components: [
              { name: 'target', internalType: 'address', type: 'address' },
              { name: 'selector', internalType: 'bytes4', type: 'bytes4' },
              { name: 'maxValue', internalType: 'uint256', type: 'uint256' },
              {
                name: 'policies',
                internalType: 'struct Policy[]',
                type: 'tuple[]',
                components: [
                  { name: 'policy', internalType: 'address', type: 'address' },
                  { name: 'config', internalType: 'bytes', type: 'bytes' },
                ],
              },
            ],
          },
        ],
      },
    ],
    name: 'hashSession',
    outputs: [{ name: 'id', internalType: 'bytes32', type: 'bytes32' }],
    stateMutability: 'pure',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'sessions',
        internalType: 'struct Session[]',
        type: 'tuple[]',
        components: [
          { name: 'account', internalType: 'address', type: 'address' },
          { name: 'chainId', internalType: 'uint256', type: 'uint256' },
          { name: 'epoch', internalType: 'uint64', type: 'uint64' },
          { name: 'validAfter', internalType: 'uint48', type: 'uint48' },
          { name: 'validUntil', internalType: 'uint48', type: 'uint48' },
          { name: 'salt', internalType: 'bytes32', type: 'bytes32' },
          { name: 'sessionKey', internalType: 'bytes', type: 'bytes' },
          { name: 'paymaster', internalType: 'address', type: 'address' },
          { name: 'maxOpCost', internalType: 'uint128', type: 'uint128' },
          {
            name: 'operationPolicies',
            internalType: 'struct Policy[]',
            type: 'tuple[]',
            components: [
              { name: 'policy', internalType: 'address', type: 'address' },
              { name: 'config', internalType: 'bytes', type: 'bytes' },
            ],
          },
          {
            name: 'signaturePolicies',
            internalType: 'struct Policy[]',
            type: 'tuple[]',
            components: [
              { name: 'policy', internalType: 'address', type: 'address' },
              { name: 'config', internalType: 'bytes', type: 'bytes' },
            ],
          },
          {
            name: 'actions',
            internalType: 'struct Action[]',
            type: 'tuple[]',
            components: [
              { name: 'target', internalType: 'address', type: 'address' },
              { name: 'selector', internalType: 'bytes4', type: 'bytes4' },
              { name: 'maxValue', internalType: 'uint256', type: 'uint256' },
              {
                name: 'policies',
                internalType: 'struct Policy[]',
                type: 'tuple[]',
                components: [
                  { name: 'policy', internalType: 'address', type: 'address' },
                  { name: 'config', internalType: 'bytes', type: 'bytes' },
                ],
              },
            ],
          },
        ],
      },
    ],
    name: 'hashSessionBundle',
    outputs: [{ name: 'digest', internalType: 'bytes32', type: 'bytes32' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'userOpHash', internalType: 'bytes32', type: 'bytes32' },
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'use', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'hashUse',
    outputs: [{ name: 'digest', internalType: 'bytes32', type: 'bytes32' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'account', internalType: 'address', type: 'address' }],
    name: 'isInitialized',
    outputs: [{ name: '', internalType: 'bool', type: 'bool' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'moduleTypeId', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'isModuleType',
    outputs: [{ name: '', internalType: 'bool', type: 'bool' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'sender', internalType: 'address', type: 'address' },
      { name: 'hash', internalType: 'bytes32', type: 'bytes32' },
      { name: 'signature', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'isValidSignatureWithSender',
    outputs: [{ name: '', internalType: 'bytes4', type: 'bytes4' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'data', internalType: 'bytes', type: 'bytes' }],
    name: 'onInstall',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [{ name: 'data', internalType: 'bytes', type: 'bytes' }],
    name: 'onUninstall',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [{ name: 'nextEpoch', internalType: 'uint64', type: 'uint64' }],
    name: 'revokeAll',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [{ name: 'ids', internalType: 'bytes32[]', type: 'bytes32[]' }],
    name: 'revokeSessions',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'sessionStatus',
    outputs: [{ name: '', internalType: 'enum SessionStatus', type: 'uint8' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'rule', internalType: 'bytes', type: 'bytes' }],
    name: 'setSignedGrants',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [],
    name: 'signatureChecker',
    outputs: [
      { name: '', internalType: 'contract ISignatureChecker', type: 'address' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'account', internalType: 'address', type: 'address' }],
    name: 'signedGrantsOf',
    outputs: [
      { name: 'allowed', internalType: 'bool', type: 'bool' },
      { name: 'prefix', internalType: 'bytes', type: 'bytes' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      {
        name: 'userOp',
        internalType: 'struct PackedUserOperation',
        type: 'tuple',
        components: [
          { name: 'sender', internalType: 'address', type: 'address' },
          { name: 'nonce', internalType: 'uint256', type: 'uint256' },
          { name: 'initCode', internalType: 'bytes', type: 'bytes' },
          { name: 'callData', internalType: 'bytes', type: 'bytes' },
          {
            name: 'accountGasLimits',
            internalType: 'bytes32',
            type: 'bytes32',
          },
          {
            name: 'preVerificationGas',
            internalType: 'uint256',
            type: 'uint256',
          },
          { name: 'gasFees', internalType: 'bytes32', type: 'bytes32' },
          { name: 'paymasterAndData', internalType: 'bytes', type: 'bytes' },
          { name: 'signature', internalType: 'bytes', type: 'bytes' },
        ],
      },
      { name: 'userOpHash', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'validateUserOp',
    outputs: [{ name: '', internalType: 'uint256', type: 'uint256' }],
    stateMutability: 'nonpayable',
  },
  { type: 'event', anonymous: false, inputs: [], name: 'EIP712DomainChanged' },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'account',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
      {
        name: 'previousEpoch',
        internalType: 'uint64',
        type: 'uint64',
        indexed: false,
      },
      { name: 'epoch', internalType: 'uint64', type: 'uint64', indexed: false },
    ],
    name: 'EpochMoved',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'account',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
    ],
    name: 'ManagerInstalled',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'account',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
    ],
    name: 'ManagerUninstalled',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'account',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
      { name: 'id', internalType: 'bytes32', type: 'bytes32', indexed: true },
    ],
    name: 'SessionGranted',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'account',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
      { name: 'id', internalType: 'bytes32', type: 'bytes32', indexed: true },
      { name: 'session', internalType: 'bytes', type: 'bytes', indexed: false },
    ],
    name: 'SessionPublished',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'account',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
      { name: 'id', internalType: 'bytes32', type: 'bytes32', indexed: true },
    ],
    name: 'SessionRevoked',
  },
  {
    type: 'event',
    anonymous: false,
    inputs: [
      {
        name: 'account',
        internalType: 'address',
        type: 'address',
        indexed: true,
      },
      { name: 'allowed', internalType: 'bool', type: 'bool', indexed: false },
      { name: 'prefix', internalType: 'bytes', type: 'bytes', indexed: false },
    ],
    name: 'SignedGrantsSet',
  },
  {
    type: 'error',
    inputs: [{ name: 'actions', internalType: 'uint256', type: 'uint256' }],
    name: 'ActionNotClaimed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'callIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'actionIndex', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'ActionNotRevealed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'actionIndex', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'ActionTooBroad',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'callIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'length', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'CalldataTooShort',
  },
  { type: 'error', inputs: [], name: 'EmptyBatch' },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'validAfter', internalType: 'uint256', type: 'uint256' },
      { name: 'validUntil', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'EmptyWindow',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'sessionEpoch', internalType: 'uint64', type: 'uint64' },
      { name: 'accountEpoch', internalType: 'uint64', type: 'uint64' },
    ],
    name: 'EpochMismatch',
  },
  {
    type: 'error',
    inputs: [{ name: 'selector', internalType: 'bytes4', type: 'bytes4' }],
    name: 'FunctionNotExecute',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'digest', internalType: 'bytes32', type: 'bytes32' },
      { name: 'answer', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'GrantNotSigned',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'expected', internalType: 'bytes', type: 'bytes' },
      { name: 'actual', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'GrantPrefixMismatch',
  },
  {
    type: 'error',
    inputs: [{ name: 'length', internalType: 'uint256', type: 'uint256' }],
    name: 'InitializerNotAllowed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'epoch', internalType: 'uint64', type: 'uint64' },
      { name: 'nextEpoch', internalType: 'uint64', type: 'uint64' },
    ],
    name: 'InvalidEpoch',
  },
  {
    type: 'error',
    inputs: [{ name: 'rule', internalType: 'bytes', type: 'bytes' }],
    name: 'InvalidGrantRule',
  },
  {
    type: 'error',
    inputs: [{ name: 'length', internalType: 'uint256', type: 'uint256' }],
    name: 'InvalidPaymasterData',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'policy', internalType: 'address', type: 'address' },
      { name: 'length', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'InvalidPolicyAnswer',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'policy', internalType: 'address', type: 'address' },
      { name: 'validationData', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'InvalidPolicyValidationData',
  },
  {
    type: 'error',
    inputs: [
      { name: 'expected', internalType: 'uint256', type: 'uint256' },
      { name: 'actual', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'InvalidSignatureLength',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'verifier', internalType: 'address', type: 'address' },
      { name: 'length', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'InvalidVerifierAnswer',
  },
  {
    type: 'error',
    inputs: [{ name: 'mode', internalType: 'bytes32', type: 'bytes32' }],
    name: 'ModeNotAllowed',
  },
  { type: 'error', inputs: [], name: 'NoSessions' },
  {
    type: 'error',
    inputs: [{ name: 'position', internalType: 'uint256', type: 'uint256' }],
    name: 'NonCanonicalExecution',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', internalType: 'uint256', type: 'uint256' }],
    name: 'NonCanonicalUse',
  },
  {
    type: 'error',
    inputs: [{ name: 'account', internalType: 'address', type: 'address' }],
    name: 'NotInstalled',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'callIndex', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'NotOwnRevocation',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'maxOpCost', internalType: 'uint256', type: 'uint256' },
      { name: 'opCost', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'OpCostExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'policyIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'policy', internalType: 'address', type: 'address' },
      { name: 'reason', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'OperationPolicyRefused',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'allowed', internalType: 'address', type: 'address' },
      { name: 'actual', internalType: 'address', type: 'address' },
    ],
    name: 'PaymasterNotAllowed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'callIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'actionIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'policy', internalType: 'address', type: 'address' },
      { name: 'reason', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'PolicyRefused',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'published', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'PublicationDiffers',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'root', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'RootIsRevoked',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'root', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'RootNotGranted',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'callIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'selector', internalType: 'bytes4', type: 'bytes4' },
    ],
    name: 'SelectorForbidden',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'callIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'actionIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'expected', internalType: 'bytes4', type: 'bytes4' },
      { name: 'actual', internalType: 'bytes4', type: 'bytes4' },
    ],
    name: 'SelectorNotAllowed',
  },
  {
    type: 'error',
    inputs: [{ name: 'id', internalType: 'bytes32', type: 'bytes32' }],
    name: 'SessionIsRevoked',
  },
  {
    type: 'error',
    inputs: [{ name: 'length', internalType: 'uint256', type: 'uint256' }],
    name: 'SessionKeyNotSupported',
  },
  {
    type: 'error',
    inputs: [{ name: 'id', internalType: 'bytes32', type: 'bytes32' }],
    name: 'SessionNotGranted',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'account', internalType: 'address', type: 'address' },
    ],
    name: 'SessionOfAnotherAccount',
  },
  {
    type: 'error',
    inputs: [{ name: 'account', internalType: 'address', type: 'address' }],
    name: 'SignedGrantsOff',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'callIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'target', internalType: 'address', type: 'address' },
    ],
    name: 'TargetForbidden',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'callIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'target', internalType: 'address', type: 'address' },
    ],
    name: 'TargetIsModule',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'callIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'actionIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'expected', internalType: 'address', type: 'address' },
      { name: 'actual', internalType: 'address', type: 'address' },
    ],
    name: 'TargetNotAllowed',
  },
  {
    type: 'error',
    inputs: [{ name: 'time', internalType: 'uint256', type: 'uint256' }],
    name: 'TimeOutOfRange',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'callIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'actionIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'maxValue', internalType: 'uint256', type: 'uint256' },
      { name: 'value', internalType: 'uint256', type: 'uint256' },
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
        internalType: 'struct Session',
        type: 'tuple',
        components: [
          { name: 'account', internalType: 'address', type: 'address' },
          { name: 'chainId', internalType: 'uint256', type: 'uint256' },
          { name: 'epoch', internalType: 'uint64', type: 'uint64' },
          { name: 'validAfter', internalType: 'uint48', type: 'uint48' },
          { name: 'validUntil', internalType: 'uint48', type: 'uint48' },
          { name: 'salt', internalType: 'bytes32', type: 'bytes32' },
          { name: 'sessionKey', internalType: 'bytes', type: 'bytes' },
          { name: 'paymaster', internalType: 'address', type: 'address' },
          { name: 'maxOpCost', internalType: 'uint128', type: 'uint128' },
          {
            name: 'operationPolicies',
            internalType: 'struct Policy[]',
            type: 'tuple[]',
            components: [
              { name: 'policy', internalType: 'address', type: 'address' },
              { name: 'config', internalType: 'bytes', type: 'bytes' },
            ],
          },
          {
            name: 'signaturePolicies',
            internalType: 'struct Policy[]',
            type: 'tuple[]',
            components: [
              { name: 'policy', internalType: 'address', type: 'address' },
              { name: 'config', internalType: 'bytes', type: 'bytes' },
            ],
          },
          {
            name: 'actions',
            internalType: 'struct Action[]',
            type: 'tuple[]',
            components: [
              { name: 'target', internalType: 'address', type: 'address' },
              { name: 'selector', internalType: 'bytes4', type: 'bytes4' },
              { name: 'maxValue', internalType: 'uint256', type: 'uint256' },
              {
                name: 'policies',
                internalType: 'struct Policy[]',
                type: 'tuple[]',
                components: [
                  { name: 'policy', internalType: 'address', type: 'address' },
                  { name: 'config', internalType: 'bytes', type: 'bytes' },
                ],
              },
            ],
          },
        ],
      },
    ],
    name: 'hashSession',
    outputs: [{ name: 'id', internalType: 'bytes32', type: 'bytes32' }],
    stateMutability: 'pure',
  },
  {
    type: 'function',
    inputs: [{ name: 'account', internalType: 'address', type: 'address' }],
    name: 'isInitialized',
    outputs: [{ name: '', internalType: 'bool', type: 'bool' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [{ name: 'ids', internalType: 'bytes32[]', type: 'bytes32[]' }],
    name: 'revokeSessions',
    outputs: [],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'sessionStatus',
    outputs: [{ name: '', internalType: 'enum SessionStatus', type: 'uint8' }],
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
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'sender', internalType: 'address', type: 'address' },
      { name: 'hash', internalType: 'bytes32', type: 'bytes32' },
      { name: 'signature', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'checkSignature',
    outputs: [{ name: '', internalType: 'bytes4', type: 'bytes4' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [],
    name: 'manager',
    outputs: [{ name: '', internalType: 'address', type: 'address' }],
    stateMutability: 'view',
  },
  {
    type: 'error',
    inputs: [
      { name: 'hash', internalType: 'bytes32', type: 'bytes32' },
      { name: 'actual', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'ContentDiffers',
  },
  {
    type: 'error',
    inputs: [{ name: 'primaryType', internalType: 'string', type: 'string' }],
    name: 'ContentForbidden',
  },
  {
    type: 'error',
    inputs: [
      { name: 'separator', internalType: 'bytes32', type: 'bytes32' },
      { name: 'actual', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'DomainDiffers',
  },
  {
    type: 'error',
    inputs: [{ name: 'chainId', internalType: 'uint256', type: 'uint256' }],
    name: 'DomainOfAnotherChain',
  },
  {
    type: 'error',
    inputs: [{ name: 'id', internalType: 'bytes32', type: 'bytes32' }],
    name: 'NotSignedByKey',
  },
  { type: 'error', inputs: [], name: 'NothingMayBeSigned' },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'validAfter', internalType: 'uint256', type: 'uint256' },
      { name: 'validUntil', internalType: 'uint256', type: 'uint256' },
      { name: 'time', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'OutsideWindow',
  },
  {
    type: 'error',
    inputs: [{ name: 'sender', internalType: 'address', type: 'address' }],
    name: 'SenderForbidden',
  },
  {
    type: 'error',
    inputs: [
      { name: 'id', internalType: 'bytes32', type: 'bytes32' },
      { name: 'policyIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'policy', internalType: 'address', type: 'address' },
      { name: 'reason', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'SignaturePolicyRefused',
  },
  {
    type: 'error',
    inputs: [
      { name: 'verifyingContract', internalType: 'address', type: 'address' },
    ],
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
    outputs: [{ name: '', internalType: 'address', type: 'address' }],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'sender', internalType: 'address', type: 'address' },
      { name: 'message', internalType: 'bytes', type: 'bytes' },
      { name: 'config', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'checkPersonalMessage',
    outputs: [
      { name: 'validationData', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'sender', internalType: 'address', type: 'address' },
      {
        name: 'typedData',
        internalType: 'struct TypedData',
        type: 'tuple',
        components: [
          {
            name: 'domain',
            internalType: 'struct AppDomain',
            type: 'tuple',
            components: [
              { name: 'fields', internalType: 'bytes1', type: 'bytes1' },
              { name: 'nameHash', internalType: 'bytes32', type: 'bytes32' },
              { name: 'versionHash', internalType: 'bytes32', type: 'bytes32' },
              { name: 'chainId', internalType: 'uint256', type: 'uint256' },
              {
                name: 'verifyingContract',
                internalType: 'address',
                type: 'address',
              },
              { name: 'salt', internalType: 'bytes32', type: 'bytes32' },
              { name: 'separator', internalType: 'bytes32', type: 'bytes32' },
            ],
          },
          { name: 'primaryType', internalType: 'string', type: 'string' },
          { name: 'encodedType', internalType: 'string', type: 'string' },
          { name: 'contentsHash', internalType: 'bytes32', type: 'bytes32' },
          { name: 'witness', internalType: 'bytes', type: 'bytes' },
        ],
      },
      { name: 'config', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'checkTypedData',
    outputs: [
      { name: 'validationData', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', internalType: 'uint256', type: 'uint256' }],
    name: 'InvalidConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'expected', internalType: 'uint256', type: 'uint256' },
      { name: 'actual', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'InvalidWitnessLength',
  },
  {
    type: 'error',
    inputs: [{ name: 'length', internalType: 'uint256', type: 'uint256' }],
    name: 'PersonalMessageNotAllowed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'primaryType', internalType: 'string', type: 'string' },
      { name: 'word', internalType: 'uint256', type: 'uint256' },
      { name: 'bound', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'RuleMissing',
  },
  {
    type: 'error',
    inputs: [{ name: 'reason', internalType: 'bytes', type: 'bytes' }],
    name: 'RulesNotMet',
  },
  {
    type: 'error',
    inputs: [{ name: 'primaryType', internalType: 'string', type: 'string' }],
    name: 'TypeForbidden',
  },
  {
    type: 'error',
    inputs: [
      { name: 'domainSeparator', internalType: 'bytes32', type: 'bytes32' },
      { name: 'typeHash', internalType: 'bytes32', type: 'bytes32' },
    ],
    name: 'TypedDataNotAllowed',
  },
  {
    type: 'error',
    inputs: [
      { name: 'structIndex', internalType: 'uint256', type: 'uint256' },
      { name: 'expected', internalType: 'bytes32', type: 'bytes32' },
      { name: 'actual', internalType: 'bytes32', type: 'bytes32' },
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
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'budgetId', internalType: 'bytes32', type: 'bytes32' },
      { name: 'target', internalType: 'address', type: 'address' },
      { name: 'value', internalType: 'uint256', type: 'uint256' },
      { name: 'claimedTime', internalType: 'uint256', type: 'uint256' },
      { name: 'data', internalType: 'bytes', type: 'bytes' },
      { name: 'config', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'checkCall',
    outputs: [
      { name: 'validationData', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'account', internalType: 'address', type: 'address' },
      { name: 'budgetId', internalType: 'bytes32', type: 'bytes32' },
      {
        name: 'facts',
        internalType: 'struct OperationFacts',
        type: 'tuple',
        components: [
          { name: 'cost', internalType: 'uint256', type: 'uint256' },
          { name: 'paymaster', internalType: 'address', type: 'address' },
          { name: 'calls', internalType: 'uint256', type: 'uint256' },
          { name: 'value', internalType: 'uint256', type: 'uint256' },
        ],
      },
      { name: 'claimedTime', internalType: 'uint256', type: 'uint256' },
      { name: 'config', internalType: 'bytes', type: 'bytes' },
    ],
    name: 'checkOperation',
    outputs: [
      { name: 'validationData', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'nonpayable',
  },
  {
    type: 'function',
    inputs: [
      { name: 'manager', internalType: 'address', type: 'address' },
      { name: 'budgetId', internalType: 'bytes32', type: 'bytes32' },
      { name: 'account', internalType: 'address', type: 'address' },
    ],
    name: 'spent',
    outputs: [
      { name: 'total', internalType: 'uint256', type: 'uint256' },
      { name: 'inPeriod', internalType: 'uint256', type: 'uint256' },
      { name: 'period', internalType: 'uint256', type: 'uint256' },
    ],
    stateMutability: 'view',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', internalType: 'uint256', type: 'uint256' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'CallLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'anchor', internalType: 'uint256', type: 'uint256' },
      { name: 'claimedTime', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'ClaimedTimeTooEarly',
  },
  {
    type: 'error',
    inputs: [{ name: 'claimedTime', internalType: 'uint256', type: 'uint256' }],
    name: 'ClaimedTimeTooLate',
  },
  {
    type: 'error',
    inputs: [{ name: 'position', internalType: 'uint256', type: 'uint256' }],
    name: 'InvalidConfig',
  },
  {
    type: 'error',
    inputs: [
      { name: 'latestPeriod', internalType: 'uint256', type: 'uint256' },
      { name: 'claimedPeriod', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'PeriodInPast',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', internalType: 'uint256', type: 'uint256' },
      { name: 'spent', internalType: 'uint256', type: 'uint256' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
      { name: 'resetsAt', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'PeriodLimitExceeded',
  },
  {
    type: 'error',
    inputs: [
      { name: 'limit', internalType: 'uint256', type: 'uint256' },
      { name: 'spent', internalType: 'uint256', type: 'uint256' },
      { name: 'amount', internalType: 'uint256', type: 'uint256' },
    ],
    name: 'TotalLimitExceeded',
  },
] as const
