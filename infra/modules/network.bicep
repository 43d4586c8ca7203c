// A network of the app's own: storage and Azure OpenAI are reached over private endpoints in it, everything else over one
// fixed address. The webhook stays open to the internet, since the IM platform posts from there.

@description('End of all names.')
param suffix string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('Addresses of the network, a /23 at least: half of it for the instances, half for the private endpoints.')
param prefix string
@description('Resource id of the storage account.')
param storageId string
@description('Whether Azure OpenAI answers.')
param usesOpenAi bool
@description('Its resource id.')
param openAiId string

@description('What is reached over a private endpoint.')
type Endpoint = {
  @description('End of its name.')
  name: string
  @description('Which service it leads to: one of the storage account, or Azure OpenAI.')
  service: 'blob' | 'queue' | 'table' | 'account'
  @description('The private DNS zones in which its names are looked up.')
  zones: string[]
}

var storageSuffix = environment().suffixes.storage
// A resource of the kind AIServices is asked under other names than one of the kind OpenAI.
var openAiZones = [
  'privatelink.openai.azure.com'
  'privatelink.cognitiveservices.azure.com'
  'privatelink.services.ai.azure.com'
]
// The function host keeps its leases in blobs, and the package lies there, too.
var endpoints Endpoint[] = concat(
  [
    { name: 'blob', service: 'blob', zones: ['privatelink.blob.${storageSuffix}'] }
    { name: 'queue', service: 'queue', zones: ['privatelink.queue.${storageSuffix}'] }
    { name: 'table', service: 'table', zones: ['privatelink.table.${storageSuffix}'] }
  ],
  usesOpenAi ? [{ name: 'openai', service: 'account', zones: openAiZones }] : []
)

resource address 'Microsoft.Network/publicIPAddresses@2025-05-01' = {
  name: 'pip-${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource gateway 'Microsoft.Network/natGateways@2025-05-01' = {
  name: 'ng-${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: address.id }] }
}

// Without rules of its own it lets in what comes from the network, and nothing from the internet.
resource rules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: 'nsg-${suffix}'
  location: location
  tags: tags
  properties: { securityRules: [] }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: 'vnet-${suffix}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [prefix] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(prefix, 24, 0)
          defaultOutboundAccess: false
          natGateway: { id: gateway.id }
          networkSecurityGroup: { id: rules.id }
          // Flex Consumption is delegated to this, other plans to Microsoft.Web/serverFarms.
          delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(prefix, 24, 1)
          defaultOutboundAccess: false
          networkSecurityGroup: { id: rules.id }
        }
      }
    ]
  }

  resource app 'subnets' existing = { name: 'app' }
  resource private 'subnets' existing = { name: 'endpoints' }
}

var zoneNames = flatten(map(endpoints, endpoint => endpoint.zones))

// `global` is where private zones live: they belong to no region.
resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in zoneNames: {
    name: zone
    #disable-next-line no-hardcoded-location
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, index) in zoneNames: {
    parent: zones[index]
    name: 'to-${suffix}'
    #disable-next-line no-hardcoded-location
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      // A name that is not here is somebody else's, and looked up outside.
      resolutionPolicy: 'NxDomainRedirect'
      virtualNetwork: { id: network.id }
    }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [
  for endpoint in endpoints: {
    name: 'pep-${endpoint.name}-${suffix}'
    location: location
    tags: tags
    properties: {
      subnet: { id: network::private.id }
      privateLinkServiceConnections: [
        {
          name: endpoint.name
          properties: {
            privateLinkServiceId: endpoint.service == 'account' ? openAiId : storageId
            groupIds: [endpoint.service]
          }
        }
      ]
    }
  }
]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [
  for (endpoint, index) in endpoints: {
    parent: privateEndpoints[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: map(endpoint.zones, zone => {
        name: replace(zone, '.', '-')
        properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', zone) }
      })
    }
    dependsOn: [links]
  }
]

@description('Where the instances are.')
output subnetId string = network::app.id
@description('Where their requests to the internet come from: for the allow list in the console of the IM app.')
output outboundAddress string = address.properties.ipAddress
