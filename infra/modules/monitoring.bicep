// Logs and telemetry: one workspace with a daily cap, and Application Insights on it that takes Entra tokens only.

@description('End of all names.')
param suffix string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('Object id of the identity that sends telemetry.')
param principalId string
@description('Resource id of the same identity: known beforehand, so that what-if can tell what will be assigned.')
param identityId string
@description('Object ids of those who may read the log.')
param operators string[]
@description('Log volume per day after which nothing more is stored, in GB.')
param dailyCapGb int
@description('How long logs are kept.')
param retentionDays int

var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'
var logAnalyticsDataReader = '3b03c2da-16b3-4a49-8834-0f8130efdd3b'

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: 'log-${suffix}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    workspaceCapping: { dailyQuotaGb: dailyCapGb }
    features: { disableLocalAuth: true }
  }
}

resource appInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${suffix}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(appInsights.id, identityId, monitoringMetricsPublisher)
  scope: appInsights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// Without a principalType: an operator may be a person or a group, and is there already.
resource operatorRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for operator in operators: {
    name: guid(workspace.id, operator, logAnalyticsDataReader)
    scope: workspace
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', logAnalyticsDataReader)
      principalId: operator
    }
  }
]

@description('Resource id of the workspace, for diagnostics and alerts.')
output workspaceId string = workspace.id
@description('Where telemetry goes. Without an Entra token it opens nothing.')
output appInsightsConnectionString string = appInsights.properties.ConnectionString
