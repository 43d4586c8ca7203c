# Sourced: `patiently COMMAND` runs it again while it fails. A new role takes minutes until what it is for believes in
# it, and a host that was just published to, until it answers. DEPLOY_PAUSES says how long to wait before each further
# try, in seconds; empty: there is none.
patiently() {
    for pause in ${DEPLOY_PAUSES-60 120 240}; do
        if "$@"; then return; fi
        echo "again in $pause seconds" >&2
        sleep "$pause"
    done
    "$@"
}
