#!/usr/bin/env bash
# docker-compose.yml on podman 4.3 and podman-compose, with the base images of images.sh: for a machine without a Docker
# engine, a registry, systemd or cgroup version 2. Arguments go to podman-compose; give `up` and `run` --no-deps, since
# this podman can't wait for health (programs that come too early are started again).
set -euo pipefail
cd "$(dirname "$0")/../.."
for name in python timescaledb mosquitto prometheus; do
    export "${name^^}_IMAGE=localhost/anju-base-$name"
done
limits="--ulimit nofile=1024:1024 --ulimit nproc=1024:1024"
exec podman-compose --podman-args="--runtime runc --cgroup-manager cgroupfs" \
    --podman-build-args="--network host --isolation chroot $limits" --podman-run-args="$limits" "$@"
