// Key Vault with the App Secret of the IM app, which is the only secret there is. The app may read it, by role.

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
@description('Object id of the app.')
param principalId string
@description('Resource id of the same identity: known beforehand, so that what-if can tell what will be assigned.')
param identityId string
@description('Where the audit log goes.')
param workspaceId string

var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

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

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identityId, keyVaultSecretsUser)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

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
