// For production: neither the door nor the next answer waits for a start, conversations are in three zones, what matters
// cannot be purged.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'prod')
param location = readEnvironmentVariable('AZURE_LOCATION')
param existingResourceGroup = readEnvironmentVariable('AZURE_RESOURCE_GROUP', '')

param imAppKey = readEnvironmentVariable('IM_APP_KEY')
param imAppSecret = readEnvironmentVariable('IM_APP_SECRET')
param imAppSecretPrevious = readEnvironmentVariable('IM_APP_SECRET_PREVIOUS', '')
param imRegion = readEnvironmentVariable('IM_REGION', 'overseas')

param models = [
  { name: 'chat', model: 'gpt-5.6-luna', version: '2026-07-09', sku: 'GlobalStandard', capacity: 250 }
]
param alwaysReadyWebhook = 1
param alwaysReadyAnswer = 1
param siteUpdateStrategy = 'RollingUpdate'
param workerTelemetry = true
param storageSku = 'Standard_ZRS'
param vaultPurgeProtection = true
param dailyLogCapGb = 5
param logRetentionDays = 90

param alertEmail = readEnvironmentVariable('ALERT_EMAIL')
param monthlyBudget = 500
param budgetStart = readEnvironmentVariable('BUDGET_START', '')
param deployerObjectId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param deployerType = readEnvironmentVariable('AZURE_PRINCIPAL_TYPE', 'User')
