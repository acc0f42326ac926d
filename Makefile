# meterr-etl. `make` lists the targets; each needs no more than Python 3.11, pip and git.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PEERS := .venv-peers
PEERS_LOCK := tests/benchmarks/peers.lock
PEERS_INSTALLED := $(PEERS)/.installed

# Uncompiled, every process would compile Airflow and dbt anew: 10 s a start instead of 4.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH
unexport VIRTUAL_ENV

.PHONY: help install demo up down test soak check bench bench-quick peers docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## create .venv from requirements.lock

demo: $(INSTALLED) ## from nothing to a published, gated chargeback mart
	@$(BIN)/meterr demo

up: $(INSTALLED) ## keep the demo's database and Airflow running
	@$(BIN)/meterr up

down: ## stop everything that demo and up started
	@if [ -x $(BIN)/meterr ]; then $(BIN)/meterr down; fi

test: $(INSTALLED) ## run every test
	@$(BIN)/python -m pytest -n logical --maxprocesses 4 --no-loadscope-reorder

soak: $(INSTALLED) ## play seeded histories with faults: make soak HISTORIES=2000 FIRST=1000
	@$(BIN)/python -m tests.e2e.faults --first $(or $(FIRST),1000) --count $(or $(HISTORIES),1000) \
	  --summary

check: $(INSTALLED) ## lint, types, layers, SQL style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd dbt_project && ../$(BIN)/sqlfluff lint --nocolor --disable-progress-bar --processes 2 models tests
	@cd meterr_etl && ../$(BIN)/sqlfluff lint --nocolor --disable-progress-bar --processes 2 .

bench: $(INSTALLED) ## measure at full size (about an hour)
	@$(MAKE) --no-print-directory peers || \
	  echo "The peers can't be installed, so they will not be measured." >&2
	@$(BIN)/python -m tests.benchmarks

bench-quick: $(INSTALLED) ## measure in a few minutes
	@$(BIN)/python -m tests.benchmarks --quick

peers: $(PEERS_INSTALLED) ## create .venv-peers, which the full benchmark compares us with

docs: $(INSTALLED) ## write DATA_DICTIONARY.md anew from the event's contract
	@$(BIN)/python -c 'from meterr_etl.contract.dictionary import page; print(page(), end="")' \
	  > DATA_DICTIONARY.md

lock: ## solve both lock files anew (needs uv on PATH)
	@uv pip compile pyproject.toml --extra dev --generate-hashes --no-header \
	  --no-emit-index-url --python-version 3.11 --quiet --output-file requirements.lock
	@uv pip compile tests/benchmarks/peers.in --generate-hashes --no-header \
	  --no-emit-index-url --python-version 3.11 --quiet --output-file $(PEERS_LOCK)

clean: down ## remove .venv and caches; databases stay
	@rm -rf $(VENV) $(PEERS) build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(INSTALLED): requirements.lock pyproject.toml
	@python=; \
	for candidate in $${PYTHON:-} python3.11 python3 python; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; \
	  then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "meterr needs Python 3.11 and found none; install it or name it: make PYTHON=/path/to/python3.11" >&2; \
	  exit 1; \
	fi; \
	echo "Installing into $(VENV) from requirements.lock, once ..." >&2; \
	"$$python" -m venv --clear $(VENV) || { \
	  echo "Python's venv module does not work here; on Debian, install python3.11-venv." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
	  --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
	  --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null || true
	@touch $@

$(PEERS_INSTALLED): $(PEERS_LOCK) $(INSTALLED)
	@echo "Installing the benchmark's peers into $(PEERS), once ..." >&2
	@$(BIN)/python -m venv --clear $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
	  --require-hashes --no-deps -r $(PEERS_LOCK)
	@$(PEERS)/bin/python -m compileall -q -j 0 $(PEERS)/lib >/dev/null || true
	@touch $@
