#!/bin/sh
# Start of the TimescaleDB image made by images.sh: as much of the official image's behaviour as docker-compose.yml uses
# (POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE, PGDATA; arguments go to postgres).
set -eu
user=${POSTGRES_USER:-postgres}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    password=$(mktemp)
    if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
        cat "$POSTGRES_PASSWORD_FILE" >"$password"
    else
        printf '%s' "${POSTGRES_PASSWORD:?set it, or POSTGRES_PASSWORD_FILE}" >"$password"
    fi
    initdb --username="$user" --pwfile="$password" --auth-host=scram-sha-256 --auth-local=trust \
        --encoding=UTF8 --locale=C.UTF-8 "$PGDATA"
    rm "$password"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    database=${POSTGRES_DB:-$user}
    if [ "$database" != postgres ]; then
        echo "CREATE DATABASE \"$database\";" | postgres --single -D "$PGDATA" postgres >/dev/null
    fi
fi
[ "${1:-}" = postgres ] && shift
exec postgres -c listen_addresses='*' -c shared_preload_libraries=timescaledb -c timescaledb.telemetry_level=off \
    -c unix_socket_directories=/tmp "$@"
