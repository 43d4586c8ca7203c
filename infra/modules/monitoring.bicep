// Logs and telemetry: one workspace with a daily cap, and Application Insights on it that takes Entra tokens only.

import { Assignment, Holder, roles } from 'roles.bicep'

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
@description('Whether roles are assigned here; else an administrator does it.')
param assignRoles bool

var telemetryHolders Holder[] = [{ role: roles.metricsPublisher, who: identityId, type: 'ServicePrincipal' }]
var logHolders Holder[] = map(operators, operator => { role: roles.logReader, who: operator, type: '' })

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

resource telemetryRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for holder in telemetryHolders: if (assignRoles) {
    name: guid(appInsights.id, holder.who, holder.role.id)
    scope: appInsights
    properties: union(
      {
        roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', holder.role.id)
        principalId: holder.who == identityId ? principalId : holder.who
      },
      empty(holder.type) ? {} : { principalType: holder.type }
    )
  }
]

resource logRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for holder in logHolders: if (assignRoles) {
    name: guid(workspace.id, holder.who, holder.role.id)
    scope: workspace
    properties: union(
      {
        roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', holder.role.id)
        principalId: holder.who == identityId ? principalId : holder.who
      },
      empty(holder.type) ? {} : { principalType: holder.type }
    )
  }
]

@description('Resource id of the workspace, for diagnostics and alerts.')
output workspaceId string = workspace.id
@description('Where telemetry goes. Without an Entra token it opens nothing.')
output appInsightsConnectionString string = appInsights.properties.ConnectionString
@description('Who needs which role here.')
output assignments Assignment[] = concat(
  map(telemetryHolders, holder => {
    role: holder.role
    scope: appInsights.id
    principalId: holder.who == identityId ? principalId : holder.who
    principalType: holder.type
    name: guid(appInsights.id, holder.who, holder.role.id)
    forApp: holder.who == identityId
  }),
  map(logHolders, holder => {
    role: holder.role
    scope: workspace.id
    principalId: holder.who == identityId ? principalId : holder.who
    principalType: holder.type
    name: guid(workspace.id, holder.who, holder.role.id)
    forApp: holder.who == identityId
  })
)
