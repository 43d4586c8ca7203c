// The app's own identity. It is there before the app, so that its roles are, too: an app that starts without them fails.

@description('Name of the identity.')
param name string
@description('Region.')
param location string
@description('Tags.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id, for the app.')
output id string = identity.id
@description('Object id, for role assignments.')
output principalId string = identity.properties.principalId
@description('Client id, for settings.')
output clientId string = identity.properties.clientId
