#!/bin/sh
# Deploys the relay: what would change, the resources, the package, and whether all of it answers. Run again, it
# changes nothing that is as it should be.
#
#   infra/deploy.sh [main|prod]       with the parameters of infra/main.bicepparam or infra/prod.bicepparam
#   infra/deploy.sh --what-if [main|prod]
#                                     only what would change; a reader may do so
#   infra/deploy.sh --delete GROUP    deletes a resource group that it has made, for good
#
# Needs az (logged in), python3 and the settings that docs/deploy.md lists. YES=1 answers its question.
set -eu
cd "$(dirname "$0")/.."
. infra/patiently.sh

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

case "${1:-}" in
-h | --help)
    sed -n '2,/^set/s/^# \{0,1\}//p' infra/deploy.sh
    exit
    ;;
--delete | --what-if) ;;
-*) wrong "there is no option $1" ;;
esac

if [ "${1:-}" = --delete ]; then
    [ -n "${2:-}" ] || wrong "--delete needs the name of the resource group"
    group=$2
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

only_look=
if [ "${1:-}" = --what-if ]; then only_look=1 && shift; fi
parameters=infra/${1:-main}.bicepparam
[ -f "$parameters" ] || wrong "there is no $parameters"
missing=
[ -n "${AZURE_LOCATION:-}" ] || missing="$missing, AZURE_LOCATION (a region, such as eastus2)"
[ -n "${IM_APP_KEY:-}" ] || missing="$missing, IM_APP_KEY (the App Key of the IM app)"
[ -n "${IM_APP_SECRET:-}" ] || missing="$missing, IM_APP_SECRET (the App Secret of the IM app)"
[ -n "${ALERT_EMAIL:-}" ] || missing="$missing, ALERT_EMAIL (who gets the alerts)"
[ -z "$missing" ] || wrong "not set: ${missing#, }"
export AZURE_LOCATION IM_APP_KEY IM_APP_SECRET ALERT_EMAIL
AZURE_ENV_NAME=${AZURE_ENV_NAME:-$([ "${1:-main}" = main ] && echo try || echo "$1")}
AZURE_PRINCIPAL_ID=${AZURE_PRINCIPAL_ID:-$(az ad signed-in-user show --query id -o tsv)}
export AZURE_ENV_NAME AZURE_PRINCIPAL_ID

# A budget keeps the month in which it began.
subscription=$(az account show --query id -o tsv)
budget=/subscriptions/$subscription/resourceGroups/rg-relay-$AZURE_ENV_NAME/providers/Microsoft.Consumption/budgets
BUDGET_START=$(az rest --method get --url "$budget?api-version=2024-08-01" \
    --query 'value[0].properties.timePeriod.startDate' -o tsv 2>/dev/null | cut -c 1-10)
export BUDGET_START="${BUDGET_START:-$(date -u +%Y-%m-01)}"

echo "== What would change"
# Who only looks needs no right to change anything.
az deployment sub what-if -l "$AZURE_LOCATION" --parameters "$parameters" \
    ${only_look:+--validation-level ProviderNoRbac}
[ -z "$only_look" ] || exit 0
sure "Deploy this?"

echo "== Resources"
deployment=relay-$AZURE_ENV_NAME
az deployment sub create -n "$deployment" -l "$AZURE_LOCATION" --parameters "$parameters" -o none
# Under their own names, as azd hands them over.
outputs=$(az deployment sub show -n "$deployment" --query properties.outputs -o json | python3 -m infra.outputs)
eval "$outputs"

echo "== Package"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A template can set what the worker reads, and cannot add the package that it then needs.
telemetry=
if [ "$workerTelemetry" = true ]; then telemetry=--telemetry; fi
python3 -m infra.package $telemetry "$work/package.zip"
patiently az functionapp deployment source config-zip -g "$resourceGroupName" -n "$functionAppName" \
    --src "$work/package.zip" --build-remote true -o none

infra/check.sh
