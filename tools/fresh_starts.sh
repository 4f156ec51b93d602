#!/usr/bin/env bash
# Start the suite's servers again and again as on a machine that has never run it: no system user of PostgreSQL's, no
# directory of pytest's. It removes the user `pgserver`, so it is for a machine of the project's own. Run as root:
#     tools/fresh_starts.sh 30
set -euo pipefail
cd "$(dirname "$0")/.."
base=$(mktemp -d)
chmod 755 "$base"
trap 'rm -rf "$base"' EXIT
for number in $(seq "${1:-30}"); do
    if id pgserver > /dev/null 2>&1; then userdel pgserver; fi
    rm -rf "${base:?}"/*
    echo "start $number"
    TMPDIR="$base" .venv/bin/python -m pytest -q --numprocesses 3 --dist load -p no:cacheprovider \
        tests/core/test_deadlines.py tests/core/test_connections.py tests/suite
done
