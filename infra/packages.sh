# Sourced: what was published is kept beside the package that runs, by commit, the last five. Takes the outputs of the
# deployment from the environment.
kept=kept
container=app-package

# The commit of this tree; `-dirty` if it has changes that no commit has. Without git, the time.
commit() { git describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null || date -u +%Y%m%dT%H%M%SZ; }

blob() {
    deed=$1
    shift
    az storage blob "$deed" --auth-mode login --blob-endpoint "$blobServiceUri" -c $container "$@"
}

# The commits, the one that was published last first.
kept_commits() {
    blob list --prefix $kept/ --query 'reverse(sort_by([], &properties.lastModified))[].name' -o tsv |
        sed "s:^$kept/::; s:\.zip$::"
}

# publish FILE COMMIT
publish() {
    patiently az functionapp deployment source config-zip -g "$resourceGroupName" -n "$functionAppName" \
        --src "$1" --build-remote true -o none
    if ! patiently blob upload -f "$1" -n "$kept/$2.zip" --overwrite true --no-progress -o none; then
        echo "It is published, and not kept for --rollback: is this machine in the network, or in ALLOWED_ADDRESSES?" >&2
        return
    fi
    for old in $(kept_commits | sed 1,5d); do blob delete -n "$kept/$old.zip" -o none; done
}
