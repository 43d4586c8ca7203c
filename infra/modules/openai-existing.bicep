// An Azure OpenAI resource that was there before, perhaps in another resource group: only the right to use it.

import { Assignment, Holder, roles } from 'roles.bicep'

@description('Name of the resource.')
param name string
@description('Object id of the app.')
param principalId string
@description('Resource id of the same identity: known beforehand, so that what-if can tell what will be assigned.')
param identityId string
@description('Object id of whoever deploys; empty: nobody.')
param deployerObjectId string
@description('User or ServicePrincipal.')
param deployerType string
@description('Whether roles are assigned here; else an administrator does it.')
param assignRoles bool

var holders Holder[] = concat(
  [{ role: roles.openAiUser, who: identityId, type: 'ServicePrincipal' }],
  empty(deployerObjectId) ? [] : [{ role: roles.openAiUser, who: deployerObjectId, type: deployerType }]
)

resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' existing = {
  name: name
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

@description('Where the app asks.')
output endpoint string = account.properties.endpoint
@description('Region, for alerts.')
output location string = account.location
@description('Who needs which role here.')
output assignments Assignment[] = map(holders, holder => {
  role: holder.role
  scope: account.id
  principalId: holder.who == identityId ? principalId : holder.who
  principalType: holder.type
  name: guid(account.id, holder.who, holder.role.id)
  forApp: holder.who == identityId
})
