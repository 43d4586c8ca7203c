#!/bin/sh
# Asks everything that was deployed, and says what belongs into the console. Called by deploy.sh, and by azd, which
# hands over the outputs of main.bicep under their names.
set -eu
cd "$(dirname "$0")/.."
. infra/patiently.sh

echo "== Does it answer?"
python=.dev/check/bin/python
[ -x $python ] || python3 -m venv --clear .dev/check
if ! cmp -s requirements.txt .dev/check/requirements.txt; then
    $python -m pip install -q --disable-pip-version-check -r requirements.txt
    cp requirements.txt .dev/check/
fi
key=$(patiently az functionapp keys list -g "$resourceGroupName" -n "$functionAppName" \
    --query functionKeys.default -o tsv)
# A workflow's log is no place for it.
[ -z "${GITHUB_ACTIONS:-}" ] || echo "::add-mask::$key"

# The key of a server of models of your own is in Key Vault, and here in the environment, as at the deployment.
if [ -z "${modelUrl:-}" ]; then
    RELAY_MODEL_KEY=''
elif [ -z "${RELAY_MODEL_KEY:-}" ]; then
    echo "infra/check.sh: not set: RELAY_MODEL_KEY (the key of $modelUrl, to ask it as the app does)" >&2
    exit 2
fi
[ -z "${outboundAddress:-}" ] || echo "IP allow list of the console: $outboundAddress"

# What was deployed, not what this machine has: the empty ones undo what a local.settings.json says.
export AzureWebJobsStorage='' AzureWebJobsStorage__accountName='' AzureWebJobsStorage__clientId='' \
    AzureWebJobsStorage__tableServiceUri="$tableServiceUri" AzureWebJobsStorage__queueServiceUri="$queueServiceUri" \
    AZURE_OPENAI_ENDPOINT="$openAiEndpoint" AZURE_OPENAI_DEPLOYMENT="$openAiDeployment" AZURE_OPENAI_API_KEY='' \
    RELAY_MODEL_URL="${modelUrl:-}" RELAY_MODEL_NAME="${modelName:-}" RELAY_MODEL_KEY="${RELAY_MODEL_KEY:-}" IM_API_URL='' \
    RELAY_BOTS_FILE="$botsFile" RELAY_TOOLS_FILE='' IM_REGION="$imRegion" IM_API_VERSION="$imApiVersion"
patiently $python -m relay check --live --webhook "$webhookUrl?code=$key"
