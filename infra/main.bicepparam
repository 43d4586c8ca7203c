// For a first try: nothing runs, and nothing costs, while nobody writes.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'try')
param location = readEnvironmentVariable('AZURE_LOCATION')
param existingResourceGroup = readEnvironmentVariable('AZURE_RESOURCE_GROUP', '')

param imAppKey = readEnvironmentVariable('IM_APP_KEY')
param imAppSecret = readEnvironmentVariable('IM_APP_SECRET')
param imAppSecretPrevious = readEnvironmentVariable('IM_APP_SECRET_PREVIOUS', '')
param imRegion = readEnvironmentVariable('IM_REGION', 'overseas')

param alertEmail = readEnvironmentVariable('ALERT_EMAIL')
param budgetStart = readEnvironmentVariable('BUDGET_START', '')
param deployerObjectId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param deployerType = readEnvironmentVariable('AZURE_PRINCIPAL_TYPE', 'User')
