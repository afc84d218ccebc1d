# The commands of the project. `make reproduce` and `make test` work from a bare clone.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(CURDIR)/$(VENV)/bin
STAMP := $(VENV)/.installed
# uv reads its own variable for local wheels; pip's is honoured too.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
export PATH := $(BIN):$(PATH)
export PYTHONDONTWRITEBYTECODE :=
export MLFLOW_DISABLE_TELEMETRY := true
PORT ?= 5000
STUDY ?= ssl

.PHONY: reproduce search test lint ui lock bench clean-results

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; say which with PYTHON=python3.x" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock
	@touch $@

reproduce: $(STAMP)  ## everything: data, runs, tables, figures, claims, report
	snakemake --cores all

search: $(STAMP)  ## try a study's learning rates on validation examples: make search STUDY=ssl
	snakemake --cores all --config 'studies=["$(STUDY)","$(STUDY)_search"]' -- $(STUDY)_search
	python -m pipeline search $(STUDY) --write

test: $(STAMP)  ## lint, types, tests
	ruff check .
	ruff format --check .
	mypy
	python -m pytest -n 2 -q

ui: $(STAMP)  ## MLflow's pages on localhost
	python -m pipeline ui --port $(PORT)

bench: $(STAMP)  ## the ratios of docs/benchmarks.md
	python -m benchmarks

lock:  ## requirements.lock anew from requirements.in
	$(BIN)/uv pip compile --quiet --no-header --no-annotate --universal --python-version 3.11 requirements.in -o requirements.lock
