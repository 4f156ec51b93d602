#!/usr/bin/env bash
# Start the suite's servers again and again as on a machine that has never run it: without a system user for PostgreSQL,
# and without pytest's directory. Needs root, who alone makes that user. Each start has an /etc of its own, in a mount
# namespace, so that nothing of the machine changes:
#     tools/fresh_starts.sh 30
set -euo pipefail
cd "$(dirname "$0")/.."

start() {
    base=$(mktemp -d)
    chmod 755 "$base"
    mkdir "$base/tmp"
    cp -a /etc "$base/etc"
    sed -i '/^pgserver:/d' "$base"/etc/passwd "$base"/etc/group "$base"/etc/shadow "$base"/etc/gshadow
    unshare --mount bash -euo pipefail -c '
        mount --bind "$0/etc" /etc
        if id pgserver > /dev/null 2>&1; then exit 1; fi
        TMPDIR="$0/tmp" .venv/bin/python -m pytest -q --numprocesses 3 -p no:cacheprovider \
            tests/core/db/test_deadlines.py tests/core/db/test_pool.py tests/core/db/test_engine_events.py
        id pgserver
    ' "$base"
    rm -rf "$base"
}

for number in $(seq "${1:-30}"); do
    echo "start $number"
    start
done
