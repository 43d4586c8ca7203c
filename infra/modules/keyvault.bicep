// Key Vault with the App Secret of the IM app, which is the only secret there is unless your model server has a
// key. The app may read them, by role.

import { Assignment, Holder, roles } from 'roles.bicep'

@description('Name of the vault.')
@minLength(3)
@maxLength(24)
param name string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('Nobody can delete the vault for good before its 90 days are over.')
param purgeProtection bool
@description('The secret.')
@secure()
param imAppSecret string
@description('The secret before; empty: none.')
@secure()
param imAppSecretPrevious string
@description('Whether a server of models of your own answers.')
param ownModel bool
@description('Its key; empty: it takes none.')
@secure()
param modelKey string
@description('Object id of the app.')
param principalId string
@description('Resource id of the same identity: known beforehand, so that what-if can tell what will be assigned.')
param identityId string
@description('Where the audit log goes.')
param workspaceId string
@description('Whether roles are assigned here; else an administrator does it.')
param assignRoles bool

var holders Holder[] = [{ role: roles.secretsUser, who: identityId, type: 'ServicePrincipal' }]

// A reference in the settings of a Flex Consumption app is not resolved when the vault is closed to the public, not
// even over a network of the app's own. So the endpoint is open, and the role is what protects the secret.
// checkov:skip=CKV_AZURE_109:the public endpoint is needed, see above
// checkov:skip=CKV_AZURE_189:the public endpoint is needed, see above
// checkov:skip=CKV_AZURE_42:a parameter, on in prod; off, a first try can be deleted for good
// checkov:skip=CKV_AZURE_110:a parameter, on in prod; off, a first try can be deleted for good
resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    // Azure refuses `false`.
    enablePurgeProtection: purgeProtection ? true : null
    publicNetworkAccess: 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow' }
  }
}

// The platform's secret has no expiry date; refreshing it is described in docs/deploy.md.
// checkov:skip=CKV_AZURE_41:the IM platform decides how long its secret is good
resource secret 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'im-app-secret'
  properties: { value: imAppSecret, contentType: 'App Secret of the IM app' }
}

// checkov:skip=CKV_AZURE_41:it is taken away when the refresh is over
resource previousSecret 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = if (!empty(imAppSecretPrevious)) {
  parent: vault
  name: 'im-app-secret-previous'
  properties: { value: imAppSecretPrevious, contentType: 'App Secret of the IM app before its last refresh' }
}

// checkov:skip=CKV_AZURE_41:whoever runs the model server decides how long its key is good
resource modelSecret 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = if (ownModel && !empty(modelKey)) {
  parent: vault
  name: 'model-key'
  properties: { value: modelKey, contentType: 'Key of the model server' }
}

resource vaultRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for holder in holders: if (assignRoles) {
    name: guid(vault.id, holder.who, holder.role.id)
    scope: vault
    properties: union(
      {
        roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', holder.role.id)
        principalId: holder.who == identityId ? principalId : holder.who
      },
      empty(holder.type) ? {} : { principalType: holder.type }
    )
  }
]

#disable-next-line use-recent-api-versions // there is no newer one, and none that is not a preview and knows these services
resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

@description('Name of the vault.')
output name string = vault.name
@description('What a setting holds instead of the secret.')
#disable-next-line outputs-should-not-contain-secrets // a reference: name of the vault, name of the secret
output imAppSecretReference string = '@Microsoft.KeyVault(SecretUri=${secret.properties.secretUri})'
@description('The same for the secret before; empty: none.')
#disable-next-line outputs-should-not-contain-secrets // likewise
output imAppSecretPreviousReference string = empty(imAppSecretPrevious)
  ? ''
  : '@Microsoft.KeyVault(SecretUri=${previousSecret!.properties.secretUri})'
@description('The same for the key of the model server; empty: none.')
#disable-next-line outputs-should-not-contain-secrets // likewise
output modelKeyReference string = ownModel && !empty(modelKey)
  ? '@Microsoft.KeyVault(SecretUri=${modelSecret!.properties.secretUri})'
  : ''
@description('Who needs which role here.')
output assignments Assignment[] = map(holders, holder => {
  role: holder.role
  scope: vault.id
  principalId: holder.who == identityId ? principalId : holder.who
  principalType: holder.type
  name: guid(vault.id, holder.who, holder.role.id)
  forApp: holder.who == identityId
})
