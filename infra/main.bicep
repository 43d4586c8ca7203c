// The relay and all that it needs in one resource group: `infra/deploy.sh` deploys it, docs/deploy.md explains it.
// Nobody holds a key: the app has an identity of its own, and that identity has the roles below it. The one secret
// is the IM app's, and it lies in Key Vault.
targetScope = 'subscription'

import { Model } from 'modules/openai.bicep'
import { Assignment } from 'modules/roles.bicep'

// ---------------------------------------------------------------- where

@description('Prefix of the names of all resources.')
@minLength(2)
@maxLength(12)
param workload string = 'relay'

@description('Which of several deployments this is: a part of all names, so that they live side by side.')
@minLength(2)
@maxLength(12)
param environmentName string

@description('Region of everything, except perhaps the model: `az functionapp list-flexconsumption-locations`.')
param location string

@description('Tags of the resource group and of every resource, beside the two of azd.')
param tags object = {}

@description('A resource group that you have, by its name: everything goes into it. Empty makes one.')
param existingResourceGroup string = ''

// ---------------------------------------------------------------- the IM app

@description('App Key of the IM app.')
@minLength(1)
param imAppKey string

@description('App Secret of the IM app. It goes into Key Vault and nowhere else.')
@secure()
@minLength(8)
param imAppSecret string

@description('App Secret before its last refresh, as long as both are in use; empty otherwise.')
@secure()
param imAppSecretPrevious string = ''

@description('Data centre of the IM app.')
@allowed(['overseas', 'china'])
param imRegion string = 'overseas'

@description('Version of the IM server API. With v1 a crash may show a reply twice.')
@allowed(['v2', 'v1'])
param imApiVersion string = 'v2'

@description('Hosts that pictures, voice messages and files may be fetched from, beside the storage of the IM platform: `cdn.example.com`, `*.example.org`.')
param mediaHosts string[] = []

@description('Messages per second that the plan of the IM app lets its server send (100 unless you bought more).')
@minValue(1)
@maxValue(10000)
param imCallsPerSecond int = 100

@description('The bots of this environment: a file beside function_app.py, deployed with it.')
@minLength(1)
param botsFile string = 'bots.toml'

@description('Settings of the app beside those of the templates: what your tools read, or a row of docs/deploy.md. No secrets; a name that the templates set is refused.')
param extraSettings object = {}

// ---------------------------------------------------------------- the model

@description('An Azure OpenAI resource that you have: its resource id. Empty creates one.')
param existingOpenAiId string = ''

@description('Region of the created Azure OpenAI resource: `az cognitiveservices model list -l REGION`.')
param openAiLocation string = location

@description('Another server of models, as https://HOST/v1: then there is no Azure OpenAI, and the parameters about it say nothing.')
param modelUrl string = ''

@description('Name of the model there, for bots that name none.')
param modelName string = ''

@description('Key of that server: it goes into Key Vault. Empty: it takes none.')
@secure()
param modelKey string = ''

@description('Deployments of models. Their `sku` says where texts are processed, docs/deploy.md. The first one, a chat model, is for bots that name none; behind it whatever bots name: chat models, and models that transcribe, speak or draw. With an existing resource: deployed already.')
@minLength(1)
param models Model[] = [
  { name: 'chat', model: 'gpt-5.6-luna', version: '2026-07-09', sku: 'GlobalStandard', capacity: 50 }
]

@description('From which severity on hate, sexual, self-harm and violent texts are refused.')
@allowed(['Low', 'Medium'])
param contentFilterSeverity string = 'Medium'

// ---------------------------------------------------------------- scale

@description('Memory of an instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('The most instances that answer at the same time. Below 40 only in regions that allow it.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('The smallest maximum that the region takes: 40 in most. Where it takes less, 1 lets a small plan of the IM app have fewer instances.')
@minValue(1)
@maxValue(1000)
param smallestInstanceCount int = 40

@description('Instances of the webhook that always run, about 21 USD a month each (2 GB, docs/deploy.md). 0: a message that has to wait for a start may be lost, since the IM platform waits five seconds and does not send again.')
@minValue(0)
@maxValue(20)
param alwaysReadyWebhook int = 0

@description('Instances of `answer` that always run, at the same price. 0: the first answer after a pause comes seconds later, at worst a minute or two; no message is lost.')
@minValue(0)
@maxValue(20)
param alwaysReadyAnswer int = 0

@description('Requests that one instance of the webhook takes at the same time. Azure gives Python 1.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 32

@description('How new code and new settings replace old ones. Recreate ends what runs and starts from zero: what is queued is safe, what arrives meanwhile may be lost. RollingUpdate, a preview, lets what runs end; with one instance of the webhook the door may still be shut for a moment.')
@allowed(['Recreate', 'RollingUpdate'])
param siteUpdateStrategy string = 'Recreate'

// ---------------------------------------------------------------- watching

@description('Who gets the alerts.')
@minLength(6)
param alertEmail string

@description('Spans, metrics and lines of the relay go to Application Insights from the worker itself: each step of each turn. Needs the package that `infra/package.py --telemetry` writes, which deploy.sh does; an instance starts later by what docs/benchmarks.md says, so keep one of each ready.')
param workerTelemetry bool = false

@description('Budget of the resource group per month, in the currency of the subscription.')
@minValue(1)
param monthlyBudget int = 50

@description('First month of the budget, as 2026-11-01: the one in which it is created, since Azure refuses to change it. Empty: no budget.')
param budgetStart string = ''

@description('Log volume per day after which nothing more is stored, in GB.')
@minValue(1)
param dailyLogCapGb int = 1

@description('How long logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

// ---------------------------------------------------------------- network

@description('Storage and Azure OpenAI are closed to the internet, the app reaches them over private endpoints in a network of its own, and has one fixed address to the outside. Costs about 70 USD a month, docs/deploy.md.')
param privateNetwork bool = false

@description('Whether they are closed then. An app that runs already gets its network first, with false here, and is closed by a second deployment: else nothing reaches its storage until the network is there.')
param closed bool = true

@description('Addresses of that network, a /23 at least.')
param networkPrefix string = '10.43.0.0/23'

@description('Addresses that may reach storage and Azure OpenAI from outside of it nevertheless: of whoever deploys, and of operators. `203.0.113.7`, `198.51.100.0/24`; storage takes no /31 or /32, and none of them counts for a machine of the same Azure region.')
param allowedAddresses string[] = []

// ---------------------------------------------------------------- safety

@description('Copies of the stored conversations: in one zone, or in three.')
@allowed(['Standard_LRS', 'Standard_ZRS'])
param storageSku string = 'Standard_LRS'

@description('Nobody can delete the key vault for good before its 90 days are over: right for production, in the way of a first try.')
param vaultPurgeProtection bool = false

@description('Whether the templates assign the roles of the app, of whoever deploys and of the operators. That takes the right to do so; without it the output `roleAssignments` says what an administrator has to assign, and deploy.sh prints the commands.')
param assignRoles bool = true

@description('Object id of the person or pipeline that deploys: may read what `relay check --live` reads. Empty: nobody.')
param deployerObjectId string = ''

@description('What the deployer is.')
@allowed(['User', 'ServicePrincipal'])
param deployerType string = 'User'

@description('Object ids of the people, or groups of them, who may run `python -m relay` against this app: they read, and may delete, what is stored of everybody, and read the log.')
param operators string[] = []

// ---------------------------------------------------------------- resources

var suffix = '${workload}-${environmentName}'
// In a group of somebody else's, others may deploy under the same names.
var token = empty(existingResourceGroup)
  ? uniqueString(subscription().id, workload, environmentName)
  : uniqueString(subscription().id, workload, environmentName, toLower(existingResourceGroup))
var allTags = union(tags, { 'azd-env-name': environmentName, workload: workload })
var groupName = empty(existingResourceGroup) ? 'rg-${suffix}' : existingResourceGroup
var usesOpenAi = empty(modelUrl)
var isClosed = privateNetwork && closed
var createsOpenAi = usesOpenAi && empty(existingOpenAiId)
var borrowsOpenAi = usesOpenAi && !empty(existingOpenAiId)
// Only looked at when there is an id: a condition does not keep Azure from reading a module's scope.
var openAiId = split(borrowsOpenAi ? existingOpenAiId : '${subscription().id}/resourceGroups/none', '/')

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = if (empty(existingResourceGroup)) {
  name: groupName
  location: location
  tags: allTags
}

var identityName = 'id-${suffix}'
var identityId = '${subscription().id}/resourceGroups/${groupName}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${identityName}'

module identity 'modules/identity.bicep' = {
  scope: resourceGroup(groupName)
  dependsOn: [group]
  params: { name: identityName, location: location, tags: allTags }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: resourceGroup(groupName)
  params: {
    suffix: suffix
    location: location
    tags: allTags
    principalId: identity.outputs.principalId
    identityId: identityId
    operators: operators
    dailyCapGb: dailyLogCapGb
    retentionDays: logRetentionDays
    assignRoles: assignRoles
  }
}

module storage 'modules/storage.bicep' = {
  scope: resourceGroup(groupName)
  params: {
    name: 'st${token}'
    location: location
    tags: allTags
    sku: storageSku
    principalId: identity.outputs.principalId
    identityId: identityId
    deployerObjectId: deployerObjectId
    deployerType: deployerType
    operators: operators
    workspaceId: monitoring.outputs.workspaceId
    assignRoles: assignRoles
    closed: isClosed
    allowedAddresses: allowedAddresses
  }
}

module vault 'modules/keyvault.bicep' = {
  scope: resourceGroup(groupName)
  params: {
    name: 'kv-${token}'
    location: location
    tags: allTags
    purgeProtection: vaultPurgeProtection
    imAppSecret: imAppSecret
    imAppSecretPrevious: imAppSecretPrevious
    principalId: identity.outputs.principalId
    identityId: identityId
    workspaceId: monitoring.outputs.workspaceId
    assignRoles: assignRoles
    ownModel: !usesOpenAi
    modelKey: modelKey
  }
}

module openAi 'modules/openai.bicep' = if (createsOpenAi) {
  scope: resourceGroup(groupName)
  params: {
    name: 'oai-${suffix}-${token}'
    location: openAiLocation
    tags: allTags
    models: models
    filterSeverity: contentFilterSeverity
    principalId: identity.outputs.principalId
    identityId: identityId
    deployerObjectId: deployerObjectId
    deployerType: deployerType
    workspaceId: monitoring.outputs.workspaceId
    assignRoles: assignRoles
    closed: isClosed
    allowedAddresses: allowedAddresses
  }
}

module existingOpenAi 'modules/openai-existing.bicep' = if (borrowsOpenAi) {
  scope: resourceGroup(openAiId[2], openAiId[4])
  params: {
    name: last(openAiId)
    principalId: identity.outputs.principalId
    identityId: identityId
    deployerObjectId: deployerObjectId
    deployerType: deployerType
    assignRoles: assignRoles
  }
}

var usedOpenAiId = createsOpenAi ? openAi!.outputs.id : borrowsOpenAi ? existingOpenAiId : ''

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: resourceGroup(groupName)
  params: {
    suffix: suffix
    location: location
    tags: allTags
    prefix: networkPrefix
    storageId: storage.outputs.id
    usesOpenAi: usesOpenAi
    openAiId: usedOpenAiId
  }
}

var openAiEndpoint = createsOpenAi ? openAi!.outputs.endpoint : borrowsOpenAi ? existingOpenAi!.outputs.endpoint : ''
// A server of models of one's own takes the place of both settings, as the relay has it.
var modelSettings = usesOpenAi
  ? { AZURE_OPENAI_ENDPOINT: openAiEndpoint, AZURE_OPENAI_DEPLOYMENT: models[0].name }
  : {
      RELAY_MODEL_URL: modelUrl
      RELAY_MODEL_NAME: empty(modelName) ? fail('modelName: which model of modelUrl answers?') : modelName
      RELAY_MODEL_KEY: vault.outputs.modelKeyReference
    }

module app 'modules/function.bicep' = {
  scope: resourceGroup(groupName)
  params: {
    name: 'func-${suffix}-${token}'
    planName: 'plan-${suffix}'
    location: location
    tags: allTags
    identityId: identity.outputs.id
    clientId: identity.outputs.clientId
    storage: storage.outputs.services
    packageContainerUrl: storage.outputs.packageContainerUrl
    appInsightsConnectionString: monitoring.outputs.appInsightsConnectionString
    imAppKey: imAppKey
    imAppSecretReference: vault.outputs.imAppSecretReference
    imAppSecretPreviousReference: vault.outputs.imAppSecretPreviousReference
    imRegion: imRegion
    imApiVersion: imApiVersion
    mediaHosts: mediaHosts
    imCallsPerSecond: imCallsPerSecond
    botsFile: botsFile
    modelSettings: modelSettings
    subnetId: privateNetwork ? network!.outputs.subnetId : ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    smallestInstanceCount: smallestInstanceCount
    alwaysReadyWebhook: alwaysReadyWebhook
    alwaysReadyAnswer: alwaysReadyAnswer
    httpConcurrency: httpConcurrency
    siteUpdateStrategy: siteUpdateStrategy
    workerTelemetry: workerTelemetry
    extraSettings: extraSettings
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: resourceGroup(groupName)
  params: {
    suffix: suffix
    location: location
    tags: allTags
    email: alertEmail
    siteId: app.outputs.id
    workspaceId: monitoring.outputs.workspaceId
    usesOpenAi: usesOpenAi
    openAiId: usedOpenAiId
    openAiLocation: borrowsOpenAi ? existingOpenAi!.outputs.location : openAiLocation
    monthlyBudget: monthlyBudget
    budgetStart: budgetStart
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: resourceGroup(groupName)
  params: { suffix: suffix, location: location, tags: allTags, workspaceId: monitoring.outputs.workspaceId }
}

// ---------------------------------------------------------------- what comes out; nothing of it is secret

@description('Resource group of everything.')
output resourceGroupName string = groupName

@description('Name of the function app.')
output functionAppName string = app.outputs.name

@description('The URL for the console, without its key.')
output webhookUrl string = 'https://${app.outputs.hostName}/api/webhook'

@description('Name of the storage account.')
output storageAccountName string = storage.outputs.name

@description('Its blobs: what was published is kept there.')
output blobServiceUri string = storage.outputs.services.blob

@description('Its queues, for the check of what was deployed.')
output queueServiceUri string = storage.outputs.services.queue

@description('Its tables, likewise.')
output tableServiceUri string = storage.outputs.services.table

@description('Name of the key vault.')
output keyVaultName string = vault.outputs.name

@description('Endpoint of the Azure OpenAI resource; empty: another server of models answers.')
output openAiEndpoint string = openAiEndpoint

@description('Deployment for bots that name none.')
output openAiDeployment string = usesOpenAi ? models[0].name : ''

@description('The other server of models, for the check.')
output modelUrl string = modelUrl

@description('Its model, likewise.')
output modelName string = modelName

@description('The address that the requests of the app come from, for the allow list in the console of the IM app; empty: any of Azure.')
output outboundAddress string = privateNetwork ? network!.outputs.outboundAddress : ''

@description('Roles that an administrator has to assign.')
output roleAssignments Assignment[] = assignRoles
  ? []
  : concat(
      monitoring.outputs.assignments,
      storage.outputs.assignments,
      vault.outputs.assignments,
      createsOpenAi ? openAi!.outputs.assignments : [],
      borrowsOpenAi ? existingOpenAi!.outputs.assignments : []
    )

@description('The bots of this environment, likewise.')
output botsFile string = botsFile

@description('Data centre of the IM app, likewise.')
output imRegion string = imRegion

@description('Version of the IM server API, likewise.')
output imApiVersion string = imApiVersion

@description('Whether the package has to hold what the worker sends telemetry with: `infra/package.py --telemetry`.')
output workerTelemetry bool = workerTelemetry
