#!/bin/sh
# Runs a platform program with the passwords from the files of secrets, so that they stand in no compose file.
set -eu
if [ -n "${PGPASSWORD_FILE:-}" ]; then
    PGPASSWORD=$(cat "$PGPASSWORD_FILE")
    export PGPASSWORD
fi
if [ -n "${MQTT_PASSWORD_FILE:-}" ]; then
    ANJU_MQTT_URL="mqtt://platform:$(cat "$MQTT_PASSWORD_FILE")@${ANJU_MQTT_URL#mqtt://}"
    export ANJU_MQTT_URL
fi
exec "$@"
