// Production, closed: storage and the model are reached over a network of the app's own.
using 'main.bicep'
extends 'prod.bicepparam'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'private')

param privateNetwork = true
// With commas between: whoever deploys from outside of the network has to be among them.
param allowedAddresses = filter(
  split(readEnvironmentVariable('ALLOWED_ADDRESSES', ''), ','),
  address => !empty(address)
)
