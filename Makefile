# Everything a person types. `make demo` and `make test` need Python >= 3.11 and make, no more.

PYTHON ?= python3
SPECS_DIR ?= ../shared/specs
STAGE ?=
PYTEST_ARGS ?=
# Half of the time of a test is waiting: for a start, a flush to disk, a browser.
WORKERS ?= 4
BENCH_ARGS ?=

# Where it is set, each worker compiles every module of the tests anew at each run.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
RECORD := .contract
NODE_MODULES := tests/clients/node/node_modules
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check fix bench soak contract programs screens clean
.DELETE_ON_ERROR:

demo: .venv/.runtime
	@XERUS_DATA_DIR="$${XERUS_DATA_DIR:-$(CURDIR)/.xerus-demo}" exec $(BIN)/xerus demo

test: check programs $(NODE_MODULES)/.installed
	@rm -rf $(RECORD)
	$(BIN)/pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder --record=$(RECORD) $(PYTEST_ARGS)

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/xerus docs --check

fix: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/xerus docs

contract: .venv/.dev
	$(BIN)/python -m xerus_sandbox.contract --specs $(SPECS_DIR) --record $(RECORD) --declared $(RECORD)/declared.json

bench: .venv/.dev
	$(BIN)/python -m bench $(BENCH_ARGS)

soak: .venv/.dev
	$(BIN)/python -m bench.soak $(STAGE)

screens: programs
	$(BIN)/python -m dev.screens

programs: .venv/.dev
	@$(BIN)/python dev/programs.py

clean:
	rm -rf .venv .bench .xerus-demo screenshots $(RECORD) $(NODE_MODULES)

.venv/bin/python:
	@echo "Making a virtual environment in .venv" >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Xerus needs Python 3.11 or later. Name one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ echo "Python cannot make virtual environments here. On Debian: apt-get install python3-venv" >&2; rm -rf .venv; exit 1; }

.venv/.runtime: .venv/bin/python requirements/base.txt pyproject.toml
	@echo "Installing the packages that Xerus needs (once, about a minute)" >&2
	@$(PIP) --require-hashes -r requirements/base.txt >&2
	@$(PIP) --no-deps --no-build-isolation --editable . >&2
	@touch $@

.venv/.dev: .venv/.runtime requirements/dev.txt
	@echo "Installing the packages that the tests need (once)" >&2
	@$(PIP) --require-hashes -r requirements/dev.txt >&2
	@touch $@

$(NODE_MODULES)/.installed: .venv/.dev tests/clients/node/package-lock.json
	@echo "Installing the foreign MCP clients that the tests drive (once)" >&2
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --silent --no-audit --no-fund --prefix tests/clients/node >&2
	@touch $@
