// Production, closed: storage and the model are reached over a network of the app's own.
using 'main.bicep'
extends 'prod.bicepparam'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'private')

param privateNetwork = true
