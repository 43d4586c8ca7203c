// An Azure OpenAI resource without keys, its content filter and its deployments.

import { Assignment, Holder, roles } from 'roles.bicep'

@export()
@description('A deployment of a model.')
type Model = {
  @description('Name of the deployment: what AZURE_OPENAI_DEPLOYMENT, or a `model` in the bots file, says.')
  @minLength(2)
  @maxLength(64)
  name: string
  @description('Name of the model.')
  model: string
  @description('Version of the model.')
  version: string
  @description('Where it is computed: anywhere, in the data zone, or in the region.')
  sku: 'GlobalStandard' | 'DataZoneStandard' | 'Standard'
  @description('In units of the quota: of a chat model, thousands of tokens per minute; of others perhaps requests per minute. Not more than `az cognitiveservices usage list -l REGION` says.')
  @minValue(1)
  capacity: int
}

@description('Name of the resource, and of its host.')
@minLength(2)
@maxLength(64)
param name string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('The deployments.')
param models Model[]
@description('From which severity on texts are refused.')
param filterSeverity string
@description('Object id of the app.')
param principalId string
@description('Resource id of the same identity: known beforehand, so that what-if can tell what will be assigned.')
param identityId string
@description('Object id of whoever deploys; empty: nobody.')
param deployerObjectId string
@description('User or ServicePrincipal.')
param deployerType string
@description('Where the logs go.')
param workspaceId string
@description('Whether roles are assigned here; else an administrator does it.')
param assignRoles bool
@description('Reached over a private endpoint and from the addresses below, from nowhere else.')
param closed bool
@description('Addresses that may reach it nevertheless.')
param allowedAddresses string[]

var holders Holder[] = concat(
  [{ role: roles.openAiUser, who: identityId, type: 'ServicePrincipal' }],
  empty(deployerObjectId) ? [] : [{ role: roles.openAiUser, who: deployerObjectId, type: deployerType }]
)
var severities = ['Hate', 'Sexual', 'Selfharm', 'Violence']

// checkov:skip=CKV_AZURE_134:the app has no network of its own; there are no keys, Entra tokens only
// checkov:skip=CKV_AZURE_238:the resource itself calls nobody, so it needs no identity
resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'OpenAI'
  sku: { name: 'S0' }
  properties: {
    customSubDomainName: name // without it there are no Entra tokens
    disableLocalAuth: true
    publicNetworkAccess: closed && empty(allowedAddresses) ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: closed ? 'Deny' : 'Allow'
      ipRules: map(allowedAddresses, address => { value: address })
    }
  }
}

resource filter 'Microsoft.CognitiveServices/accounts/raiPolicies@2025-06-01' = {
  parent: account
  name: 'relay'
  properties: {
    basePolicyName: 'Microsoft.DefaultV2'
    mode: 'Blocking'
    contentFilters: concat(
      map(severities, severity => {
        name: severity
        source: 'Prompt'
        severityThreshold: filterSeverity
        blocking: true
        enabled: true
      }),
      map(severities, severity => {
        name: severity
        source: 'Completion'
        severityThreshold: filterSeverity
        blocking: true
        enabled: true
      }),
      [
        { name: 'Jailbreak', source: 'Prompt', blocking: true, enabled: true }
        { name: 'Protected Material Text', source: 'Completion', blocking: true, enabled: true }
      ]
    )
  }
}

// One after the other: Azure refuses a second deployment while one is being made.
@batchSize(1)
resource deployments 'Microsoft.CognitiveServices/accounts/deployments@2025-06-01' = [
  for model in models: {
    parent: account
    name: model.name
    sku: { name: model.sku, capacity: model.capacity }
    properties: {
      model: { format: 'OpenAI', name: model.model, version: model.version }
      raiPolicyName: filter.name
      versionUpgradeOption: 'OnceCurrentVersionExpired'
    }
  }
]

resource accountRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for holder in holders: if (assignRoles) {
    name: guid(account.id, holder.who, holder.role.id)
    scope: account
    properties: union(
      {
        roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', holder.role.id)
        principalId: holder.who == identityId ? principalId : holder.who
      },
      empty(holder.type) ? {} : { principalType: holder.type }
    )
  }
]

// Not RequestResponse: one line per answer, which the relay writes itself.
#disable-next-line use-recent-api-versions // there is no newer one, and none that is not a preview and knows these services
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'Audit', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Resource id, for alerts.')
output id string = account.id
@description('Where the app asks.')
output endpoint string = account.properties.endpoint
@description('Who needs which role here.')
output assignments Assignment[] = map(holders, holder => {
  role: holder.role
  scope: account.id
  principalId: holder.who == identityId ? principalId : holder.who
  principalType: holder.type
  name: guid(account.id, holder.who, holder.role.id)
  forApp: holder.who == identityId
})
