// A workbook for whoever runs the relay: five questions, each answered by a query of infra/queries.

@description('End of its name.')
param suffix string
@description('Region.')
param location string
@description('Tags.')
param tags object
@description('Resource id of the workspace that it reads.')
param workspaceId string

@description('A question, and how its answer is drawn.')
type Question = {
  @description('What is asked.')
  title: string
  @description('KQL, in infra/queries.')
  query: string
  @description('A line over time, bars over time, or rows.')
  drawn: 'timechart' | 'barchart' | 'table'
}

var questions Question[] = [
  { title: 'Is it up?', query: loadTextContent('../queries/up.kql'), drawn: 'timechart' }
  { title: 'How slow is it?', query: loadTextContent('../queries/slow.kql'), drawn: 'table' }
  { title: 'Why is it slow?', query: loadTextContent('../queries/slow-why.kql'), drawn: 'table' }
  { title: 'What failed, and which messages?', query: loadTextContent('../queries/failed.kql'), drawn: 'table' }
  { title: 'Who costs what?', query: loadTextContent('../queries/cost.kql'), drawn: 'table' }
  { title: 'Is it being throttled?', query: loadTextContent('../queries/throttled.kql'), drawn: 'barchart' }
]

var period = {
  type: 9
  name: 'period'
  content: {
    version: 'KqlParameterItem/1.0'
    parameters: [
      {
        version: 'KqlParameterItem/1.0'
        name: 'Period'
        type: 4
        isRequired: true
        value: { durationMs: 86400000 }
        typeSettings: {
          selectableValues: [
            { durationMs: 3600000 }
            { durationMs: 14400000 }
            { durationMs: 86400000 }
            { durationMs: 604800000 }
            { durationMs: 2592000000 }
          ]
          allowCustom: true
        }
      }
    ]
    style: 'pills'
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
  }
}

var answers = [
  for question in questions: {
    type: 3
    name: question.title
    content: {
      version: 'KqlItem/1.0'
      title: question.title
      query: question.query
      size: 0
      timeContextFromParameter: 'Period'
      queryType: 0
      resourceType: 'microsoft.operationalinsights/workspaces'
      crossComponentResources: [workspaceId]
      visualization: question.drawn
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Relay ${suffix}'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: string({ version: 'Notebook/1.0', items: concat([period], answers) })
  }
}
