# The project's commands. `make run` and `make test` need only Python >= 3.11 (with venv), make and git.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
# the lock names every package with its hash: nothing is left to resolve; pip would compile on one core
INSTALL := $(PY) -m pip install -q --disable-pip-version-check --no-deps --no-compile --require-hashes
COMPILE := $(PY) -m compileall -qq -j 0 $(VENV)/lib || true
FAST_TESTS := tests/flows tests/engine tests/storage tests/adapters tests/stories tests/test_compiled.py
.DEFAULT_GOAL := help
.PHONY: help run test test-long test-fast fast setup setup-dev check fix faults fuzz bench eval services docs pictures lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: setup ## the sandbox: http://127.0.0.1:8080; PORT=8081 for another
	@$(PY) run.py sandbox $(if $(PORT),--port $(PORT))

test: setup-dev ## the tests; make test TEST=tests/flows for a part of them
	@$(PY) -m pytest -n 4 --dist worksteal $(if $(TEST),$(TEST),-m "not long" tests)

test-long: setup-dev ## the long tests: stories in the browser, floods, faults with planted bugs, the commands of the docs
	@$(PY) -m pytest -n 4 --dist worksteal -m long tests

test-fast: setup-dev fast ## a choice of the tests with the compiled modules in use
	@DOORSTEP_COMPILED=1 $(PY) -m pytest -n 4 --dist worksteal -m "not long and not source_only" $(FAST_TESTS)

fast: $(VENV)/.fast ## compiles the hot modules to machine code: decisions in half the time, answers for a seventh less; needs a C compiler
	@$(PY) -m commands.compiling

setup: $(VENV)/.product ## installs what the product needs
setup-dev: $(VENV)/.dev

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing. Install Python 3.11 or newer (Debian: apt install python3)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: Doorstep needs 3.11 or newer. Another one is named with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python has no venv. Install it (Debian: apt install python3-venv)."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.product: $(VENV)/bin/python requirements.lock
	@echo "Installing the locked requirements into $(VENV) ..."
	@$(INSTALL) -r requirements.lock
	@$(COMPILE)
	@touch $@

$(VENV)/.fast: $(VENV)/.product requirements-fast.lock
	@echo "Installing what compiles into $(VENV) ..."
	@$(INSTALL) -r requirements-fast.lock
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python requirements-dev.lock
	@echo "Installing the locked requirements and the test tools into $(VENV) ..."
	@$(INSTALL) -r requirements-dev.lock
	@$(COMPILE)
	@touch $@ $(VENV)/.product

check: setup-dev ## format, lint, strict types, layers
	@$(PY) -m ruff format --check -q .
	@$(PY) -m ruff check -q .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports --no-cache | tail -3
	@echo "check: all is well"

fix: setup-dev ## formats, and mends what the linter can
	@$(PY) -m ruff check -q --fix . ; $(PY) -m ruff format -q .

faults: setup-dev ## long fault suites; make faults REPORT=docs/faults.md, SIZE=0.1, KILLS=200 ORDERS=1000, or ONLY="zones; poison"
	@DOORSTEP_COMPILED=0 $(PY) -m bench.faults $(if $(KILLS),--kills $(KILLS)) $(if $(ORDERS),--orders $(ORDERS)) $(if $(SEED),--seed $(SEED)) $(if $(SIZE),--size $(SIZE)) $(if $(ONLY),--only "$(ONLY)") $(if $(FUZZ),--fuzz $(FUZZ)) $(if $(PROOFS),--proofs $(PROOFS)) $(if $(REPORT),--report $(REPORT))

fuzz: setup-dev ## the parsers under libFuzzer; make fuzz SECONDS=60, ONLY="mail; phones", REPORT=docs/faults.md. Installs atheris (Linux)
	@$(PY) -c 'import atheris' 2>/dev/null || $(PY) -m pip install -q --disable-pip-version-check --only-binary :all: atheris==3.0.0
	@$(PY) -m bench.fuzzing $(if $(SECONDS),--seconds $(SECONDS)) $(if $(ONLY),--only "$(ONLY)") $(if $(REPORT),--report $(REPORT))

bench: setup-dev ## speed, as ratios to something measured in the same run; with the compiled modules where there is a C compiler
	@$(MAKE) -s fast || echo "Measured from the sources."
	@$(PY) -m bench.road $(if $(COUNT),--count $(COUNT))
	@$(PY) -m bench.peer $(if $(COUNT),--count $(COUNT))
	@$(PY) -m bench.starting
	@$(PY) -m bench.page
	@$(PY) -m bench.scale $(if $(OPEN),--open $(OPEN)) $(if $(STORM),--storm $(STORM)) $(if $(CHART),--chart $(CHART))
	@$(PY) -m bench.several || echo "MongoDB and Redis were not measured: make services starts them"
	@$(PY) -m bench.keys
	@$(PY) -m bench.history $(if $(ORDERS),--orders $(ORDERS),--orders 10000,100000)

eval: setup-dev ## understanding, measured on data that nobody here wrote (where ../shared/data exists); make eval FOLDS=1 learns five times more (15 minutes)
	@$(PY) -m bench.eval
	@$(if $(FOLDS),$(PY) -m bench.folds)

services: ## installs and starts the servers that the full tests use
	@sh tests/services.sh

docs: setup-dev ## writes the generated pages of docs/, and builds the site in site/; a dead link fails
	@$(PY) -m commands.reference docs
	@$(PY) -m mkdocs build -q --strict

pictures: setup-dev ## takes the pictures of docs/ anew, in a real browser
	@$(PY) -m pytest -q tests/sandbox/test_playground_stories.py tests/sandbox/test_docs_pictures.py --pictures docs/pictures

lock: ## makes the lock files anew (needs uv)
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements.in -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements-dev.in -o requirements-dev.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 -c requirements-dev.lock requirements-fast.in -o requirements-fast.lock

clean: ## takes the environment and caches away
	rm -rf $(VENV) .compiled .compiled.new .mypy_cache .ruff_cache .pytest_cache .hypothesis
