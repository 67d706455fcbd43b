# Anju: every way to run, check and measure it. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := contracts edge_agent gateway ml platform simulators
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo chaos test check lint types imports fmt services secrets lock schemas bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: $(VENV)/.demo ## everything the programs need, into .venv
$(VENV)/.base:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Anju needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing (on Debian: apt install python3-venv)" >&2; exit 1; }
	@touch $@
$(VENV)/.demo: $(VENV)/.base requirements/demo.txt $(addsuffix /pyproject.toml,$(MEMBERS)) platform/package-lock.json
	@echo "installing the programs into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/demo.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation $(addprefix -e ./,$(MEMBERS))
	@$(BIN)/npm ci --prefix platform --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
$(VENV)/.dev: $(VENV)/.demo requirements/all.txt
	@echo "installing the tools for tests and checks ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/all.txt
	@touch $@

demo: setup ## a simulated community, live, on http://127.0.0.1:8000 (ARGS="--once --json demo.json" for a bounded run)
	@$(BIN)/anju-simulate demo $(ARGS)

chaos: services ## kill and cut everything while a community talks, and count what is lost (ARGS="--minutes 5 --json chaos.json")
	@$(BIN)/anju-simulate chaos $(ARGS)

lint: $(VENV)/.dev ## ruff, format and lint
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
types: $(VENV)/.dev ## mypy --strict
	@$(BIN)/mypy
imports: $(VENV)/.dev ## import-linter: the direction of dependencies
	@$(BIN)/lint-imports
fmt: $(VENV)/.dev ## format, and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

services: setup ## TimescaleDB and Mosquitto for tests and demo, into .services (needs apt, installs nothing)
	@$(BIN)/python -m anju_simulators.services.prefix

# With ARGS (a file, -k NAME ...) only those tests run, and coverage is not judged.
COVERAGE := --cov --cov-report=term:skip-covered
COVERED := contracts edge_agent gateway ml platform
test: export OMP_NUM_THREADS ?= 1 # two workers on two cores: threads of boosting would only wait for each other
test: $(VENV)/.dev ## every test, on real services, with branch coverage (ARGS="-k NAME" for some)
	@if command -v apt-get >/dev/null; then $(MAKE) --no-print-directory services || true; fi
ifeq ($(ARGS),)
	@$(BIN)/pytest --numprocesses 2 --dist loadfile $(COVERAGE)
	@for member in $(COVERED); do percent=$$($(BIN)/coverage report --include="$$member/*" --format=total) || \
		{ echo "branch coverage of $$member: got $$percent %, expected at least 90 %" >&2; exit 1; }; done
else
	@$(BIN)/pytest $(ARGS)
endif
check: lint types imports test ## what CI runs

bench: $(VENV)/.dev ## every speed figure beside its reference (ARGS="--only ingest --json bench.json --quick")
	@if command -v apt-get >/dev/null; then $(MAKE) --no-print-directory services || true; fi
	@$(BIN)/python -m benchmarks $(ARGS)

secrets: ## random passwords for docker-compose.yml, into .secrets
	@$(PYTHON) docker/make_secrets.py .secrets jinxiu/gw-1

schemas: setup ## write the JSON Schema of every message into docs/reference/schemas
	@$(BIN)/python -m anju_contracts.schema docs/reference/schemas

lock: $(VENV)/.base ## resolve requirements/*.txt anew (UPGRADE=1 for newest versions)
	@$(BIN)/python -m pip install --quiet uv
	@PATH="$(CURDIR)/$(BIN):$$PATH" requirements/lock.sh

clean: ## remove everything that was built or installed here
	rm -rf $(VENV) .services .run .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis platform/node_modules
