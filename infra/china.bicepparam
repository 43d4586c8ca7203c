// Azure operated by 21Vianet, where this was not tried: a server of models of yours takes the place of Azure OpenAI.
using 'main.bicep'
extends 'main.bicepparam'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'china')

param imRegion = readEnvironmentVariable('IM_REGION', 'china')
param modelUrl = readEnvironmentVariable('RELAY_MODEL_URL')
param modelName = readEnvironmentVariable('RELAY_MODEL_NAME')
param modelKey = readEnvironmentVariable('RELAY_MODEL_KEY')
