// The function app on Flex Consumption: its plan, its settings, how far it scales.

import { StorageServices } from 'storage.bicep'

@description('Name of the app, and of its host.')
@minLength(2)
@maxLength(60)
param name string
@description('Name of the plan.')
param planName string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('Resource id of the identity.')
param identityId string
@description('Client id of the identity.')
param clientId string
@description('The services of the storage account, each as its URI.')
param storage StorageServices
@description('Where the package lies.')
param packageContainerUrl string
@description('Where telemetry goes.')
param appInsightsConnectionString string
@description('App Key of the IM app.')
param imAppKey string
@description('Key Vault reference of the App Secret.')
#disable-next-line secure-secrets-in-params // a reference: name of the vault, name of the secret
param imAppSecretReference string
@description('Key Vault reference of the secret before; empty: none.')
#disable-next-line secure-secrets-in-params // likewise
param imAppSecretPreviousReference string
@description('Data centre of the IM app.')
param imRegion string
@description('Version of the IM server API.')
param imApiVersion string
@description('Hosts of media, beside the storage of the IM platform.')
param mediaHosts string[]
@description('Messages per second that the IM app may send.')
param imCallsPerSecond int
@description('The bots file.')
param botsFile string
@description('The settings that say which model answers.')
param modelSettings object
@description('Resource id of the subnet of the instances; empty: they have no network of their own.')
param subnetId string
@description('Memory of an instance, in MB.')
param instanceMemoryMB int
@description('The most instances of a function.')
param maximumInstanceCount int
@description('The smallest maximum that the region takes.')
param smallestInstanceCount int
@description('Instances of the webhook that always run.')
param alwaysReadyWebhook int
@description('Instances of `answer` that always run.')
param alwaysReadyAnswer int
@description('Requests per instance of the webhook.')
param httpConcurrency int
@description('Recreate or RollingUpdate.')
param siteUpdateStrategy string
@description('Whether the worker sends spans, metrics and lines itself.')
param workerTelemetry bool
@description('Settings beside those of the templates.')
param extraSettings object

// A turn sends one message and takes at least two seconds, most of them the model's. So as many turns at a time as two
// seconds hold calls stay below the limit of the IM app, above which it shuts the app out for ten seconds.
var turnSeconds = 2
var turns = imCallsPerSecond * turnSeconds
// Four turns on an instance, since a turn mostly waits; but no fewer instances than the region takes as a maximum. With a
// small plan that leaves one turn on each of them, and more turns than the plan has calls for.
var instances = max(min(smallestInstanceCount, maximumInstanceCount), min(maximumInstanceCount, turns / 4))
// An instance takes `batchSize` messages, and more when `newBatchThreshold` are left. host.json says 16 and 16.
var turnsPerInstance = min(32, max(1, turns / instances))
var newBatchThreshold = turnsPerInstance / 2
var batchSize = turnsPerInstance - newBatchThreshold

var settings = {
  // Not the name of the account: from that, host and app would put together the hosts of the public cloud.
  AzureWebJobsStorage__blobServiceUri: storage.blob
  AzureWebJobsStorage__queueServiceUri: storage.queue
  AzureWebJobsStorage__tableServiceUri: storage.table
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: clientId
  AzureFunctionsJobHost__extensions__queues__batchSize: string(batchSize)
  AzureFunctionsJobHost__extensions__queues__newBatchThreshold: string(newBatchThreshold)
  // Message copy makes an execution of every message of the app. So a host sends one request a second at most, but every
  // line of the relay: the alerts read them. With OpenTelemetry on, host.json cannot say this.
  AzureMonitorExporter__TracesPerSecond: '1'
  AzureMonitorExporter__EnableTraceBasedLogsSampler: 'false'
  // For whoever adds OTEL_EXPORTER_OTLP_ENDPOINT: the host reads it, too, and would speak gRPC to it.
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf'
  APPLICATIONINSIGHTS_CONNECTION_STRING: appInsightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
  IM_APP_KEY: imAppKey
  IM_APP_SECRET: imAppSecretReference
  IM_APP_SECRET_PREVIOUS: imAppSecretPreviousReference
  IM_REGION: imRegion
  IM_API_VERSION: imApiVersion
  // Each instance's share: what replies leave of it, typing and read receipts may use.
  IM_CALLS_PER_MINUTE: string(imCallsPerSecond * 60 / instances)
  IM_MEDIA_HOSTS: join(mediaHosts, ',')
  RELAY_BOTS_FILE: botsFile
}

// Read by the worker and by Microsoft's exporter in it, which the package must hold (infra/package.py --telemetry).
var workerSettings = workerTelemetry
  ? {
      PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
      // Lines of this logger and those below it; without a name, those of all libraries.
      PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME: 'relay'
      // Of five spans a second, which is the default, a turn has twenty. The host's exporter does not know this word, and
      // keeps to its own limit above.
      OTEL_TRACES_SAMPLER: 'always_on'
      // Else each call is a span twice, and the URLs of the second one hold receipts and keys.
      OTEL_PYTHON_DISABLED_INSTRUMENTATIONS: 'azure_sdk,django,fastapi,flask,httpx,httpx2,psycopg2,requests,urllib,urllib3'
      // Each event of a span is stored as a line: of the rows that a window holds, the newest ones.
      OTEL_SPAN_EVENT_COUNT_LIMIT: '4'
      // The exporter tells Microsoft nothing about itself, and takes no orders from there.
      APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL: 'true'
      APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED: 'true'
    }
  : {
      OTEL_TRACES_SAMPLER: 'microsoft.rate_limited'
      OTEL_TRACES_SAMPLER_ARG: '1'
    }

var allSettings = union(settings, modelSettings, workerSettings)
var takenNames = map(objectKeys(allSettings), name => toLower(name))
var taken = filter(objectKeys(extraSettings), name => contains(takenNames, toLower(name)))
var added = empty(taken)
  ? extraSettings
  : fail('extraSettings: ${join(taken, ', ')}: set by the templates already; there is a parameter for what may be changed')

// checkov:skip=CKV_AZURE_225:zones are a choice of the plan that not every region has
resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

// checkov:skip=CKV_AZURE_212:how many instances run is the business of Flex Consumption; two parameters say how many always do
// checkov:skip=CKV_AZURE_213:a health check asks an instance that Flex Consumption would have to start for it
// checkov:skip=CKV_AZURE_17:the IM platform has no client certificate; it signs its requests
// checkov:skip=CKV_AZURE_222:the IM platform posts to it
resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'relay' }) // the service of azure.yaml
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      // All of them, at the first start already. Azure takes away what is not here.
      appSettings: [for setting in items(union(added, allSettings)): { name: setting.key, value: setting.value }]
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: instances
        // The door first: a webhook that starts too late loses a message, an `answer` that does delays one.
        alwaysReady: concat(
          alwaysReadyWebhook > 0 ? [{ name: 'http', instanceCount: alwaysReadyWebhook }] : [],
          alwaysReadyAnswer > 0 ? [{ name: 'function:answer', instanceCount: alwaysReadyAnswer }] : []
        )
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
      }
      // A preview that the types do not have yet.
      #disable-next-line BCP037
      siteUpdateStrategy: { type: siteUpdateStrategy }
    }
  }
}

@description('Resource id, for alerts.')
output id string = site.id
@description('Name of the app.')
output name string = site.name
@description('Host of the webhook.')
output hostName string = site.properties.defaultHostName
