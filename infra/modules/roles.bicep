// The built-in roles that are needed, in one place; who has them is said beside the resource that they are for.

@export()
@description('A built-in role.')
type Role = {
  @description('Name, as the portal shows it.')
  name: string
  @description('Id of its definition, the same in every subscription and cloud.')
  id: string
}

@export()
@description('That somebody has a role on the resource of a module.')
type Holder = {
  @description('The role.')
  role: Role
  @description('Who: the resource id of the identity of the app, which is known beforehand, so that what-if can tell what will be assigned; else an object id.')
  who: string
  @description('User, Group or ServicePrincipal. Empty for those who have been there long enough for Azure to find out: an operator may be a person or a group.')
  type: string
}

@export()
@description('What has to be assigned, for an administrator.')
type Assignment = {
  @description('The role.')
  role: Role
  @description('Resource id of what it is for.')
  scope: string
  @description('Object id of who gets it.')
  principalId: string
  @description('As of a holder.')
  principalType: string
  @description('Name of the assignment, as the templates would give it: with another one, they could never take over.')
  name: string
  @description('Whether it is for the app, which does not run without it.')
  forApp: bool
}

@export()
var roles = {
  blobOwner: { name: 'Storage Blob Data Owner', id: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' }
  blobContributor: { name: 'Storage Blob Data Contributor', id: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' }
  queueContributor: { name: 'Storage Queue Data Contributor', id: '974c5e8b-45b9-4653-ba55-5f855dd0fb88' }
  queueReader: { name: 'Storage Queue Data Reader', id: '19e7f393-937e-4f77-808e-94535e297925' }
  tableContributor: { name: 'Storage Table Data Contributor', id: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' }
  tableReader: { name: 'Storage Table Data Reader', id: '76199698-9eea-4c19-bc75-cec21354c6b6' }
  openAiUser: { name: 'Cognitive Services OpenAI User', id: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd' }
  secretsUser: { name: 'Key Vault Secrets User', id: '4633458b-17de-408a-b874-0445c86b69e6' }
  metricsPublisher: { name: 'Monitoring Metrics Publisher', id: '3913510d-42f4-4e42-8a64-420c390055eb' }
  logReader: { name: 'Log Analytics Data Reader', id: '3b03c2da-16b3-4a49-8834-0f8130efdd3b' }
}
