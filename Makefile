# The commands of the project. `make reproduce` and `make test` work from a bare clone.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
# relative and quoted: the project's own path may hold any letter
PY = "$(VENV)/bin/python"
STAMP := $(VENV)/.installed
# uv reads its own variable for local wheels; pip's is honoured too.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# where the home folder cannot be written to, tools keep in the project what they keep there
ifneq ($(shell mkdir -p "$${XDG_CACHE_HOME:-$$HOME/.cache}" 2>/dev/null && test -w "$${XDG_CACHE_HOME:-$$HOME/.cache}" && echo yes),yes)
export XDG_CACHE_HOME := $(CURDIR)/.recount/cache
export XDG_CONFIG_HOME := $(CURDIR)/.recount/config
endif
export PYTHONDONTWRITEBYTECODE :=
export MLFLOW_DISABLE_TELEMETRY := true
PORT ?= 5000
STUDY ?= ssl
CORES ?= all
RUNS ?= 20

# what a path cannot hold: Python's environments take no ':', MLflow misreads '%' and '?', DVC '{', '}' and a line's end
define NEWLINE


endef
REFUSED := $(strip $(foreach letter,: % ? { },$(findstring $(letter),$(CURDIR))) $(if $(findstring $(NEWLINE),$(CURDIR)),a line's end))
ifneq ($(REFUSED),)
$(error recount: the project's path has what Python, MLflow or DVC cannot read there: $(REFUSED) - move the project)
endif

# run the rest of the line while no other process does
ALONE = $(PYTHON) -c 'import fcntl, subprocess, sys; lock = open(sys.argv[1], "w"); fcntl.flock(lock, fcntl.LOCK_EX); sys.exit(subprocess.call(sys.argv[2:]))'

.PHONY: environment reproduce search verify test lint ui lock bench clean-results

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; say which with PYTHON=python3.x" >&2; exit 2; }
	@mkdir -p .recount && test -w .recount || { echo "recount: $$PWD: cannot be written to; allow it, or copy the project elsewhere" >&2; exit 2; }
	@$(ALONE) .recount/install.lock $(MAKE) --no-print-directory environment

environment:  # by one call at a time; the next one finds it done. What has a hash in the lock file is held against it
	@test "$(STAMP)" -nt requirements.lock || { set -ex; \
	test -x $(PY) || $(PYTHON) -m venv "$(VENV)"; \
	$(PY) -m pip install --quiet --disable-pip-version-check uv; \
	$(PY) -m uv pip install --quiet --verify-hashes --python $(PY) -r requirements.lock; \
	touch "$(STAMP)"; }

reproduce: $(STAMP)  ## data, runs, tables, figures, claims, report; every run, also of what is published: RERUN=all
	$(PY) -m snakemake --cores $(CORES)$(if $(RERUN), --config rerun=$(RERUN))

search: $(STAMP)  ## try a study's learning rates on validation examples, until the best is inside: make search STUDY=ssl
	@code=3; while test $$code = 3; do \
	$(PY) -m snakemake --cores $(CORES) --config 'studies=["$(STUDY)","$(STUDY)_search"]' -- evaluated_$(STUDY)_search || exit 1; \
	code=0; $(PY) -m pipeline search $(STUDY) --write || code=$$?; done; exit $$code

verify: $(STAMP)  ## make published runs again and compare: make verify RUNS=20 SEED=7
	$(PY) -m pipeline verify --runs $(RUNS) $(if $(SEED),--seed $(SEED))

test: $(STAMP)  ## lint, types, tests
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m pytest -n 2 -q

ui: $(STAMP)  ## MLflow's pages on localhost
	$(PY) -m pipeline ui --port $(PORT)

bench: $(STAMP)  ## the ratios of docs/benchmarks.md
	$(PY) -m benchmarks

COMPILE = $(PY) -m uv pip compile --quiet --no-header --no-annotate --python-version 3.11

# torch has no hash and no CUDA libraries beside it: each machine has the build for its card, or for none
lock:  ## requirements.lock anew from requirements.in
	$(COMPILE) requirements.in -o requirements.pins
	grep -Ev '^(torch==|triton|cuda-|nvidia-)' requirements.pins | $(COMPILE) --no-deps --generate-hashes - -o requirements.hashed
	grep '^torch==' requirements.in | cat requirements.hashed - > requirements.lock
	rm requirements.pins requirements.hashed
