// Storage: the host's own, the package, the queues, and the tables, which the app makes and drops by the day.

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

// The names are those of relay/outbox.py and of the host; a test compares them.
var queueNames = ['relay-turns', 'relay-turns-poison', 'relay-failed']
var leaseTable = 'relayleases'
var packageContainer = 'app-package'

// What the app needs, and no more.
var appRoles = {
  blobOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // the host's leases, the package
  queueContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // putting a message back is an update
  tableContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // one table per day comes and goes
}
// What `relay check --live` reads.
var deployerRoles = {
  queueReader: '19e7f393-937e-4f77-808e-94535e297925'
  tableReader: '76199698-9eea-4c19-bc75-cec21354c6b6'
}

var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

// The host, the app and whoever deploys come over the public endpoint, with Entra tokens only; docs/deploy.md says what
// a private one takes.
// checkov:skip=CKV_AZURE_35:Flex Consumption without a network of its own has no fixed addresses to allow
// checkov:skip=CKV_AZURE_59:public endpoint, see above; there are no keys, and no blob is public
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
    publicNetworkAccess: 'Enabled'
    supportsHttpsTrafficOnly: true
    networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' }
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

resource appRoleAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in items(appRoles): {
    name: guid(account.id, identityId, role.value)
    scope: account
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource deployerRoleAssignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in items(deployerRoles): if (!empty(deployerObjectId)) {
    name: guid(account.id, deployerObjectId, role.value)
    scope: account
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)
      principalId: deployerObjectId
      principalType: deployerType
    }
  }
]

// What infra/deploy.sh keeps, and takes back from there.
resource deployerPackageRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerObjectId)) {
  name: guid(package.id, deployerObjectId, blobContributor)
  scope: package
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobContributor)
    principalId: deployerObjectId
    principalType: deployerType
  }
}

// What `python -m relay` reads and changes: as much as the app, but nothing of the host's. Without a principalType: an
// operator may be a person or a group, and is there already.
resource operatorQueueRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for operator in operators: {
    name: guid(account.id, operator, appRoles.queueContributor)
    scope: account
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', appRoles.queueContributor)
      principalId: operator
    }
  }
]

resource operatorTableRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for operator in operators: {
    name: guid(account.id, operator, appRoles.tableContributor)
    scope: account
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', appRoles.tableContributor)
      principalId: operator
    }
  }
]

// Not StorageRead: the host looks into the queue every second.
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
