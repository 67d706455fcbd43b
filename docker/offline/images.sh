#!/usr/bin/env bash
# Base images for a machine that reaches Debian's packages but no container registry: made with debootstrap, for podman.
# Needs root, debootstrap and podman. Prints the lines for .env that make docker-compose.yml use them.
#   docker/offline/images.sh [python] [timescaledb] [mosquitto] [prometheus]      (all of them without an argument)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
release=trixie
mirror=$(awk '/^URIs:/ {print $2; exit} /^deb / {print $2; exit}' \
    "$(ls /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1)")
authorities=/etc/ssl/certs/ca-certificates.crt
declare -A packages=(
    [python]=python3,python3-venv,ca-certificates
    [timescaledb]=postgresql-17-timescaledb
    [mosquitto]=mosquitto,mosquitto-clients
    [prometheus]=prometheus,wget
)
declare -A settings=(
    [python]='ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["python3"]'
    [timescaledb]='ENV PATH=/usr/lib/postgresql/17/bin:/usr/bin:/bin
ENV PGDATA=/var/lib/postgresql/data
STOPSIGNAL SIGINT
USER postgres
ENTRYPOINT ["/bin/sh", "/usr/local/bin/timescaledb"]
VOLUME /var/lib/postgresql/data'
    [mosquitto]='USER mosquitto
ENTRYPOINT ["mosquitto"]
CMD ["-c", "/mosquitto/config/mosquitto.conf"]
VOLUME /mosquitto/data'
    [prometheus]='USER prometheus
ENTRYPOINT ["prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
VOLUME /prometheus'
)

prepare() { # what the official image of this name has and Debian's package lacks
    local name=$1 root=$2
    case $name in
    python) install -D -m 644 "$authorities" "$root$authorities" ;; # this machine's own, for its package index
    timescaledb)
        install -m 755 "$here/timescaledb.sh" "$root/usr/local/bin/timescaledb"
        chroot "$root" install -d -o postgres -g postgres -m 700 /var/lib/postgresql/data
        ;;
    mosquitto) chroot "$root" install -d -o mosquitto -g mosquitto /mosquitto/config /mosquitto/data ;;
    prometheus) chroot "$root" install -d -o prometheus -g prometheus /prometheus ;;
    esac
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
}

names=("$@")
((${#names[@]})) || names=(python timescaledb mosquitto prometheus)
for name in "${names[@]}"; do
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    echo "making localhost/anju-base-$name from ${packages[$name]} ..." >&2
    debootstrap --variant=minbase --include="${packages[$name]}" "$release" "$root" "$mirror" >"$root.log" ||
        { tail -n 20 "$root.log" "$root/debootstrap/debootstrap.log" >&2; exit 1; }
    prepare "$name" "$root"
    changes=()
    while IFS= read -r line; do changes+=(--change "$line"); done <<<"${settings[$name]}"
    tar -C "$root" -c . | podman import --quiet "${changes[@]}" - "localhost/anju-base-$name" >/dev/null
    rm -rf "$root" "$root.log"
    echo "${name^^}_IMAGE=localhost/anju-base-$name"
done
