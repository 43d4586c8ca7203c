#!/bin/sh
# Deploys the relay: what would change, the resources, the package, and whether all of it answers. Run again, it
# changes nothing that is as it should be.
#
#   infra/deploy.sh [main|prod]       with the parameters of infra/main.bicepparam or infra/prod.bicepparam, or those of
#                                     any other file beside them: private, china
#   infra/deploy.sh --what-if [main|prod]
#                                     only what would change; a reader may do so
#   infra/deploy.sh --code [main|prod]
#                                     only the package, as for a changed prompt, and the check
#   infra/deploy.sh --rollback [main|prod] [COMMIT]
#                                     a package of the last five again; else the one before the present one
#   infra/deploy.sh --check [main|prod]
#                                     only whether all of it answers
#   infra/deploy.sh --delete GROUP    deletes a resource group that it has made, for good
#
# AZURE_RESOURCE_GROUP names a resource group that is there already, in the place of one of its own.
#
# Needs az (logged in), python3 and the settings that docs/deploy.md lists. YES=1 answers its question. DEPLOY_PAUSES
# says how many seconds pass before what was refused is tried again: "60 120 240".
set -eu
cd "$(dirname "$0")/.."
. infra/patiently.sh
. infra/packages.sh

wrong() {
    printf 'infra/deploy.sh: %s; see infra/deploy.sh --help\n' "$1" >&2
    exit 2
}

sure() {
    [ "${YES:-}" = 1 ] && return
    printf '%s [y/N] ' "$1"
    read -r answer
    [ "$answer" = y ]
}

verb=deploy
case "${1:-}" in
-h | --help)
    sed -n '2,/^set/s/^# \{0,1\}//p' infra/deploy.sh
    exit
    ;;
--what-if | --code | --rollback | --check | --delete) verb=${1#--} && shift ;;
-*) wrong "there is no option $1" ;;
esac

if [ $verb = delete ]; then
    [ -n "${1:-}" ] || wrong "--delete needs the name of the resource group"
    group=$1
    made=$(az group show -n "$group" --query 'join(`-`, [`rg`, tags.workload || `?`, tags."azd-env-name" || `?`])' -o tsv)
    [ "$made" = "$group" ] || wrong "$group was there before; what was put into it: az resource list -g $group --tag workload=relay"
    az resource list -g "$group" --query '[].{kind:type, name:name}' -o table
    sure "Delete all of this, the conversations too?"
    vault=$(az keyvault list -g "$group" --query '[0].name' -o tsv)
    protected=$(az keyvault list -g "$group" --query '[0].properties.enablePurgeProtection' -o tsv)
    openai=$(az cognitiveservices account list -g "$group" --query '[0].name' -o tsv)
    region=$(az cognitiveservices account list -g "$group" --query '[0].location' -o tsv)
    # What the app's identity may do outside of the group, on an Azure OpenAI resource of yours. It would outlive the
    # identity, and the next deployment would meet it: same name, another identity, which Azure refuses.
    principals=$(az identity list -g "$group" --query '[].principalId' -o tsv)
    for principal in $principals; do
        held=$(az role assignment list --assignee "$principal" --all --query '[].id' -o tsv)
        outside=$(printf '%s\n' "$held" | grep -viF "/resourceGroups/$group/" || true)
        for assignment in $outside; do az role assignment delete --ids "$assignment"; done
    done
    az group delete -n "$group" --yes
    # Both keep their names for days unless they are purged.
    if [ -n "$vault" ] && [ "$protected" != true ]; then az keyvault purge -n "$vault"; fi
    if [ -n "$openai" ]; then az cognitiveservices account purge -n "$openai" -g "$group" -l "$region"; fi
    exit
fi

of=main
if [ -f "infra/${1:-}.bicepparam" ]; then of=$1 && shift; fi
[ $# = 0 ] || [ $verb = rollback ] || wrong "there is no infra/$1.bicepparam"
AZURE_ENV_NAME=${AZURE_ENV_NAME:-$([ "$of" = main ] && echo try || echo "$of")}
deployment=relay-${AZURE_RESOURCE_GROUP:+$AZURE_RESOURCE_GROUP-}$AZURE_ENV_NAME

# What was deployed, under the names of the templates' outputs, as azd hands them over, too.
look_up() {
    shown=$(az deployment sub show -n "$deployment" --query properties.outputs -o json)
    outputs=$(printf '%s' "$shown" | python3 -m infra.outputs)
    eval "$outputs"
}

# Without the right to assign roles, an administrator does it: a package that nobody may read needs no publishing.
roles() {
    [ "${roleAssignments:-[]}" != '[]' ] || return 0
    echo "== Roles that an administrator assigns"
    left=0
    printf '%s' "$roleAssignments" | python3 -m infra.roles || left=$?
    if [ $left = 3 ]; then
        group=${AZURE_RESOURCE_GROUP:+AZURE_RESOURCE_GROUP=$AZURE_RESOURCE_GROUP }
        echo "Once that is done: ${group}AZURE_ENV_NAME=$AZURE_ENV_NAME infra/deploy.sh --code $of"
    fi
    [ $left = 0 ] || exit $left
}

package() {
    echo "== Package"
    # A template can set what the worker reads, and cannot add the package that it then needs.
    telemetry=
    if [ "$workerTelemetry" = true ]; then telemetry=--telemetry; fi
    python3 -m infra.package $telemetry "$work/package.zip"
    publish "$work/package.zip" "$(commit)"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $verb in
check)
    look_up
    DEPLOY_PAUSES='' infra/check.sh
    exit
    ;;
code)
    look_up
    roles
    package
    infra/check.sh
    exit
    ;;
rollback)
    look_up
    commits=$(kept_commits)
    commit=${1:-$(printf '%s\n' "$commits" | sed -n 2p)}
    printf '%s\n' "$commits" | grep -qxF "${commit:-none}" ||
        wrong "there is no package of ${1:-an earlier commit}, of the last five there are: $(echo $commits)"
    sure "Publish $commit again, in the place of $(printf '%s\n' "$commits" | sed -n 1p)?"
    blob download -n "$kept/$commit.zip" -f "$work/package.zip" --no-progress -o none
    publish "$work/package.zip" "$commit"
    infra/check.sh
    exit
    ;;
esac

missing=
[ -n "${AZURE_LOCATION:-}" ] || missing="$missing, AZURE_LOCATION (a region, such as eastus2)"
[ -n "${IM_APP_KEY:-}" ] || missing="$missing, IM_APP_KEY (the App Key of the IM app)"
[ -n "${IM_APP_SECRET:-}" ] || missing="$missing, IM_APP_SECRET (the App Secret of the IM app)"
[ -n "${ALERT_EMAIL:-}" ] || missing="$missing, ALERT_EMAIL (who gets the alerts)"
if [ "$of" = china ]; then
    [ -n "${RELAY_MODEL_URL:-}" ] || missing="$missing, RELAY_MODEL_URL (your server of models, https://HOST/v1)"
    [ -n "${RELAY_MODEL_NAME:-}" ] || missing="$missing, RELAY_MODEL_NAME (which model of it answers)"
    [ -n "${RELAY_MODEL_KEY:-}" ] || missing="$missing, RELAY_MODEL_KEY (its key; any word if it takes none)"
fi
[ -z "$missing" ] || wrong "not set: ${missing#, }"
export AZURE_LOCATION IM_APP_KEY IM_APP_SECRET ALERT_EMAIL
parameters=infra/$of.bicepparam
AZURE_PRINCIPAL_ID=${AZURE_PRINCIPAL_ID:-$(az ad signed-in-user show --query id -o tsv)}
export AZURE_ENV_NAME AZURE_PRINCIPAL_ID

# A budget keeps the month in which it began.
subscription=$(az account show --query id -o tsv)
group=${AZURE_RESOURCE_GROUP:-rg-relay-$AZURE_ENV_NAME}
budget=/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.Consumption/budgets
BUDGET_START=$(az rest --method get --url "$budget?api-version=2024-08-01" \
    --query "value[?name=='budget-relay-$AZURE_ENV_NAME'] | [0].properties.timePeriod.startDate" -o tsv 2>/dev/null | cut -c 1-10)
export BUDGET_START="${BUDGET_START:-$(date -u +%Y-%m-01)}"

echo "== What would change"
# Who only looks needs no right to change anything.
only_look=
[ $verb = deploy ] || only_look=1
az deployment sub what-if -l "$AZURE_LOCATION" --parameters "$parameters" \
    ${only_look:+--validation-level ProviderNoRbac}
[ $verb = deploy ] || exit 0
sure "Deploy this?"

echo "== Resources"
az deployment sub create -n "$deployment" -l "$AZURE_LOCATION" --parameters "$parameters" -o none
look_up

roles
package
infra/check.sh
