#!/bin/sh
# Writes the locks anew from the members' pyproject.toml; `make lock` calls it.
# One resolution (all.txt) constrains the others, so that every box runs the same versions.
set -eu
cd "$(dirname "$0")/.."
compile() {
    out=$1
    shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
        --no-emit-package anju-contracts --no-emit-package anju-edge-agent --no-emit-package anju-ml \
        --unsafe-package none ${UPGRADE:+--upgrade} "$@" -o "requirements/$out"
}
compile all.txt --all-extras requirements/build.in requirements/dev.in contracts/pyproject.toml edge_agent/pyproject.toml \
    gateway/pyproject.toml ml/pyproject.toml platform/pyproject.toml simulators/pyproject.toml
compile demo.txt -c requirements/all.txt --all-extras requirements/build.in gateway/pyproject.toml platform/pyproject.toml simulators/pyproject.toml
compile build.txt -c requirements/all.txt requirements/build.in
for box in gateway platform simulators; do
    compile "$box.txt" -c requirements/all.txt "$box/pyproject.toml"
done
