#!/bin/sh
# Runs a program with the database's password from a secret's file, so that it stands in no compose file.
set -eu
if [ -n "${PGPASSWORD_FILE:-}" ]; then
    PGPASSWORD=$(cat "$PGPASSWORD_FILE")
    export PGPASSWORD
fi
exec "$@"
