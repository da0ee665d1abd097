# Everything from a fresh clone: `make demo` to see it, `make test` to prove it. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

ifeq ($(origin PYTHON),undefined)
  OLD_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
  PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c '$(OLD_ENOUGH)' 2>/dev/null && echo $$p && break; done)
endif
ifeq ($(strip $(PYTHON)),)
  $(error Python 3.11 or newer is needed, and there is none on PATH. Install one, or say which: make PYTHON=/path/to/python3)
endif

VENV := .venv/bin
UV := uv==0.13.9
# Before a command that needs Node.js or a browser: the machine's own, or one that tools/ installs.
WITH_NODE = node=$$($(PYTHON) -m tools.node) && export PATH="$$node:$$PATH" &&
WITH_BROWSER = browser=$$($(PYTHON) -m tools.browser) && export CHROMIUM_PATH="$$browser" &&
STATIC := src/opik_resume/notebook/widget/static
BUNDLE_SOURCES := $(shell find js/src -type f) $(wildcard js/*.mjs) js/package-lock.json src/opik_resume/notebook/widget/colours.json

.PHONY: help demo notebooks test check bench campaigns setup build lint lint-python lint-js test-js test-python lock clean venv

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: setup ## open the quickstart in JupyterLab; with HEADLESS=1 or no display, run it in a headless browser
	@$(VENV)/python -m tools.demo

notebooks: setup ## run the notebooks and write them back with their outputs, cleaned
	@$(VENV)/python -m tools.notebooks

test: setup lint test-js test-python ## set everything up and run every test; the 20 slowest are listed

setup: venv build .venv/.installed ## make .venv, get Node.js if there is none, build the front end

build: $(STATIC)/widget.js ## build the front end

lint: lint-python lint-js ## ruff, mypy, import-linter, biome, tsc

lint-python: venv .venv/.installed
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/lint-imports --no-cache

lint-js: js/node_modules/.package-lock.json
	@echo "biome and tsc"; $(WITH_NODE) cd js && npm run --silent check

test-js: js/node_modules/.package-lock.json
	@echo "vitest"; $(WITH_BROWSER) $(WITH_NODE) cd js && npm test --silent

# Last of all, so that the line it closes with is the last line. Three at a time, since many wait for servers and
# processes; kernels and the browser have the machine to themselves.
ALONE := kernel or browser
PYTEST := $(VENV)/pytest --durations=20
test-python: venv .venv/.installed
	@echo "pytest"; $(WITH_BROWSER) $(WITH_NODE) \
	  $(if $(PYTEST_ARGS),$(PYTEST) $(PYTEST_ARGS),$(PYTEST) -n 3 --dist loadfile -m "not ($(ALONE))" && $(PYTEST) -m "$(ALONE)")

check: lint test-js venv .venv/.installed ## what takes less than three minutes: lint, types, vitest, the quick tests
	@echo "pytest, the quick ones"; $(VENV)/pytest -q -n 2 --dist loadfile -m quick $(PYTEST_ARGS)

LOCK_FLAGS := --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate
lock: venv ## look up the newest versions and write the lock files anew
	$(VENV)/pip install --quiet $(UV)
	$(VENV)/uv pip compile $(LOCK_FLAGS) --extra metrics --extra dask --group dev pyproject.toml -o requirements/dev.txt
	$(VENV)/uv pip compile $(LOCK_FLAGS) requirements/node.in -o requirements/node.txt
	$(WITH_NODE) cd js && rm -rf node_modules package-lock.json && \
	  npm install --package-lock-only --no-audit --no-fund --omit-lockfile-registry-resolved

bench: setup ## measure against the opik package, side by side, as ratios; then the front end in a real browser
	@$(VENV)/python -m bench
	@$(VENV)/python -m bench.cells
	@$(VENV)/python -m bench.spending
	@$(VENV)/python -m bench.executors
	@$(VENV)/python -m bench.pressure
	@$(WITH_BROWSER) $(WITH_NODE) $(VENV)/python -m bench.frontend
	@$(WITH_BROWSER) $(WITH_NODE) $(VENV)/python -m bench.latency

recording: setup ## make the recording and the picture of docs/, in a real JupyterLab
	@$(WITH_BROWSER) $(VENV)/python -m tools.recording

ROUNDS := 200
SEED := 1
campaigns: setup ## kill, cut the power, race …, ROUNDS=200 times each, SEED=1; fails when anything is lost or paid twice
	@$(VENV)/python -m bench.campaigns all --rounds $(ROUNDS) --seed $(SEED)

clean: ## remove everything that was made here
	rm -rf .venv .tools out dist build js/node_modules js/coverage $(STATIC) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Quick when nothing changed: it compares the lock files with what .venv was made from.
venv:
	@$(PYTHON) -m tools.venv

.venv/.installed: .venv/.made-from pyproject.toml hatch_build.py | build
	@echo "Installing opik-resume into .venv, editable"; $(WITH_NODE) $(VENV)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

.venv/.made-from: | venv

js/node_modules/.package-lock.json: js/package-lock.json
	@echo "npm ci"; $(WITH_NODE) cd js && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

$(STATIC)/widget.js: $(BUNDLE_SOURCES) | js/node_modules/.package-lock.json
	@echo "Building the front end"; $(WITH_NODE) cd js && npm run --silent build
