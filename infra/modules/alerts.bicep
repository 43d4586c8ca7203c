// Alerts, by e-mail. They rest on metrics of Azure, on the log of the queue and on the lines that the relay writes: with
// OpenTelemetry on (host.json) the host may leave out its own. Those that read the log are blind once its daily cap is
// reached, so one looks at the cap.

@description('End of all names.')
param suffix string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('Who gets them.')
param email string
@description('Resource id of the function app.')
param siteId string
@description('Resource id of the workspace.')
param workspaceId string
@description('Whether Azure OpenAI answers.')
param usesOpenAi bool
@description('Its resource id.')
param openAiId string
@description('And its region.')
param openAiLocation string
@description('Budget per month, in the currency of the subscription.')
param monthlyBudget int
@description('First month of the budget; empty: no budget.')
param budgetStart string

@description('An alert on a query: it fires when the query returns a row.')
type LogAlert = {
  @description('End of its name.')
  name: string
  @description('What to read in the e-mail.')
  description: string
  @description('KQL, in infra/queries.')
  query: string
  @description('1 is an error, 2 a warning, 3 for when there is time.')
  severity: 1 | 2 | 3
  @description('How often it is asked. Every 15 minutes is a third of the price of every 5.')
  every: 'PT5M' | 'PT15M'
  @description('How far back it looks, and so how long it stays fired at least.')
  window: 'PT30M' | 'P1D'
}

var logAlerts LogAlert[] = [
  {
    name: 'oldest-message'
    description: 'The oldest message on relay-turns has waited for more than 10 minutes and nothing is being taken off: does `answer` start?'
    severity: 1
    every: 'PT5M'
    window: 'PT30M'
    query: loadTextContent('../queries/oldest-message.kql')
  }
  {
    name: 'message-failed'
    description: 'A record went to relay-failed: its user got no answer. It holds the cause and no words, and stays there for a week.'
    severity: 2
    every: 'PT5M'
    window: 'PT30M'
    query: loadTextContent('../queries/message-failed.kql')
  }
  {
    name: 'poison-stays'
    description: 'A message has been in relay-turns-poison for 20 minutes, and `sweep` takes it out within 5: does `sweep` run? It also deletes what has expired.'
    severity: 3
    every: 'PT15M'
    window: 'P1D'
    query: loadTextContent('../queries/poison-stays.kql')
  }
  {
    name: 'log-cap'
    description: 'The daily cap of the log is reached: nothing more is stored until the hour of its reset, and the alerts that read the log see nothing. Raise dailyLogCapGb, or find out what writes so much.'
    severity: 1
    every: 'PT15M'
    // Azure writes one line when it stops, and starts again within a day.
    window: 'P1D'
    query: loadTextContent('../queries/log-cap.kql')
  }
  {
    name: 'turn-latency'
    description: 'One of twenty answers took more than 30 seconds from the queue to the user.'
    severity: 2
    every: 'PT15M'
    window: 'PT30M'
    query: loadTextContent('../queries/turn-latency.kql')
  }
]

// `global` is where action groups, metric alerts and budgets live: they belong to no region.
resource mail 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${suffix}'
  #disable-next-line no-hardcoded-location
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'relay'
    enabled: true
    emailReceivers: [{ name: 'mail', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource serverErrors 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'alert-server-errors-${suffix}'
  #disable-next-line no-hardcoded-location
  location: 'global'
  tags: tags
  properties: {
    description: 'The webhook answers 5xx: the platform does not send those messages again. 503 is storage out of reach.'
    severity: 1
    enabled: true
    scopes: [siteId]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: '5xx'
          metricNamespace: 'Microsoft.Web/sites'
          metricName: 'Http5xx'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 4
        }
      ]
    }
    actions: [{ actionGroupId: mail.id }]
  }
}

resource throttling 'Microsoft.Insights/metricAlerts@2026-01-01' = if (usesOpenAi) {
  name: 'alert-model-throttling-${suffix}'
  #disable-next-line no-hardcoded-location
  location: 'global'
  tags: tags
  properties: {
    description: 'The model refuses more than 4 requests a minute with 429: raise the capacity of its deployment, or the quota.'
    severity: 2
    enabled: true
    scopes: [openAiId]
    targetResourceType: 'Microsoft.CognitiveServices/accounts'
    targetResourceRegion: openAiLocation
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: '429'
          metricNamespace: 'Microsoft.CognitiveServices/accounts'
          metricName: 'AzureOpenAIRequests'
          dimensions: [{ name: 'StatusCode', operator: 'Include', values: ['429'] }]
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 20
        }
      ]
    }
    actions: [{ actionGroupId: mail.id }]
  }
}

resource queries 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in logAlerts: {
    name: 'alert-${alert.name}-${suffix}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.name
      description: alert.description
      severity: alert.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: alert.every
      windowSize: alert.window
      autoMitigate: true
      // The tables are there after the first line only.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [mail.id] }
    }
  }
]

resource budget 'Microsoft.Consumption/budgets@2026-06-01' = if (!empty(budgetStart)) {
  name: 'budget-${suffix}'
  properties: {
    category: 'Cost'
    amount: monthlyBudget
    timeGrain: 'Monthly'
    timePeriod: { startDate: budgetStart }
    notifications: {
      most: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: [email]
        contactGroups: [mail.id]
      }
      more: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: [email]
        contactGroups: [mail.id]
      }
    }
  }
}
