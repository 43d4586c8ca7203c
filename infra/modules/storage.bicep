// Storage: the host's own, the package, the queues, and the tables, which the app makes and drops by the day.

import { Assignment, Holder, roles } from 'roles.bicep'

@export()
@description('Where each service of an account is, as Azure says it: other clouds have other hosts.')
type StorageServices = {
  @description('Blobs.')
  blob: string
  @description('Queues.')
  queue: string
  @description('Tables.')
  table: string
}

@description('Name of the account.')
@minLength(3)
@maxLength(24)
param name string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('Copies: in one zone, or in three.')
param sku string
@description('Object id of the app.')
param principalId string
@description('Resource id of the same identity: known beforehand, so that what-if can tell what will be assigned.')
param identityId string
@description('Object id of whoever deploys; empty: nobody.')
param deployerObjectId string
@description('User or ServicePrincipal.')
param deployerType string
@description('Object ids of those who may run `python -m relay`.')
param operators string[]
@description('Where the logs go.')
param workspaceId string
@description('Whether roles are assigned here; else an administrator does it.')
param assignRoles bool
@description('Reached over private endpoints and from the addresses below, from nowhere else.')
param closed bool
@description('Addresses that may reach it nevertheless.')
param allowedAddresses string[]

// The names are those of relay/outbox.py and of the host; a test compares them.
var queueNames = ['relay-turns', 'relay-turns-poison', 'relay-failed']
var leaseTable = 'relayleases'
var packageContainer = 'app-package'

var holders Holder[] = concat(
  // What the app needs, and no more: the host's leases and the package; putting a message back is an update; one table per
  // day comes and goes.
  map([roles.blobOwner, roles.queueContributor, roles.tableContributor], role => {
    role: role
    who: identityId
    type: 'ServicePrincipal'
  }),
  // What `relay check --live` reads.
  empty(deployerObjectId)
    ? []
    : map([roles.queueReader, roles.tableReader], role => { role: role, who: deployerObjectId, type: deployerType }),
  // What `python -m relay` reads and changes: as much as the app, but nothing of the host's.
  map(operators, operator => { role: roles.queueContributor, who: operator, type: '' }),
  map(operators, operator => { role: roles.tableContributor, who: operator, type: '' })
)
var packageHolders Holder[] = empty(deployerObjectId)
  ? []
  : [{ role: roles.blobContributor, who: deployerObjectId, type: deployerType }]

// Without a network of its own, the host, the app and whoever deploys come over the public endpoint, with Entra tokens only.
// checkov:skip=CKV_AZURE_35:Flex Consumption without a network of its own has no fixed addresses to allow
// checkov:skip=CKV_AZURE_43:the name is a parameter of 15 letters and digits
// checkov:skip=CKV_AZURE_206:storageSku is a parameter; prod has three zones
resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: closed && empty(allowedAddresses) ? 'Disabled' : 'Enabled'
    supportsHttpsTrafficOnly: true
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: closed ? 'Deny' : 'Allow'
      ipRules: map(allowedAddresses, address => { value: address, action: 'Allow' })
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {}
}

resource package 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: packageContainer
  properties: { publicAccess: 'None' }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {}
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [
  for queueName in queueNames: {
    parent: queueService
    name: queueName
    properties: {}
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {}
}

resource leases 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = {
  parent: tableService
  name: leaseTable
}

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

// What infra/deploy.sh keeps, and takes back from there.
resource packageRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for holder in packageHolders: if (assignRoles) {
    name: guid(package.id, holder.who, holder.role.id)
    scope: package
    properties: union(
      {
        roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', holder.role.id)
        principalId: holder.who == identityId ? principalId : holder.who
      },
      empty(holder.type) ? {} : { principalType: holder.type }
    )
  }
]

// Not StorageRead: the host looks into the queue four times a second.
#disable-next-line use-recent-api-versions // there is no newer one, and none that is not a preview and knows these services
resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: queueService
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

#disable-next-line use-recent-api-versions // there is no newer one, and none that is not a preview and knows these services
resource tableLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: tableService
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageDelete', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

@description('Resource id, for private endpoints.')
output id string = account.id
@description('Name of the account.')
output name string = account.name
@description('Its services.')
output services StorageServices = {
  blob: account.properties.primaryEndpoints.blob
  queue: account.properties.primaryEndpoints.queue
  table: account.properties.primaryEndpoints.table
}
@description('Where the package goes.')
output packageContainerUrl string = '${account.properties.primaryEndpoints.blob}${package.name}'

@description('Who needs which role here.')
output assignments Assignment[] = concat(
  map(holders, holder => {
    role: holder.role
    scope: account.id
    principalId: holder.who == identityId ? principalId : holder.who
    principalType: holder.type
    name: guid(account.id, holder.who, holder.role.id)
    forApp: holder.who == identityId
  }),
  map(packageHolders, holder => {
    role: holder.role
    scope: package.id
    principalId: holder.who == identityId ? principalId : holder.who
    principalType: holder.type
    name: guid(package.id, holder.who, holder.role.id)
    forApp: holder.who == identityId
  })
)
