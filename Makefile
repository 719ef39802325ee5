# `make demo` and `make test` set up what they need first; a repeat costs nothing. Only tests need browsers.

PYTHON ?= python3
PORT ?= 8000
RUNS ?= 100000
JOBS ?= 2

BIN := .venv/bin
DISTRIBUTIONS := wasm_decoder encoder web
# Each set-up step ends by touching its stamp, so an interrupted step runs again.
PACKAGES := .venv/packages.stamp
EDITABLE := .venv/editable.stamp
MODULES := node_modules/.package-lock.json
RUNTIME := web/raisr_web/runtime/index.js
RUNTIME_SOURCES := $(shell find wasm_decoder tools '(' -name '*.py' -o -name '*.wasm' ')' -not -path '*/build/*') wasm_decoder/pyproject.toml

.DELETE_ON_ERROR:
.PHONY: help setup demo test check lint audit fuzz format lock dist sbom banks kernel clean browsers

help:
	@echo "make demo    encode the photographs of samples/ and serve them (PORT=$(PORT) to choose another port)"
	@echo "make test    lint and run every test, those in a browser included (JOBS=$(JOBS) at a time)"
	@echo "make check   lint and run the quick tests, without a browser: for every edit"
	@echo "make setup   only set up: .venv with bin/raisr, node_modules, the Python runtime of the page"
	@echo "make lint    only the linters and type checkers"
	@echo "make fuzz    try hostile payloads and banks (RUNS=$(RUNS) of them)"
	@echo "make format  format the Python sources"
	@echo "make banks   train all shipped filter banks anew (PHOTOGRAPHS='folder another-folder')"
	@echo "make lock    pin the newest dependencies anew"
	@echo "make dist    build the wheels of all distributions in dist/"
	@echo "make sbom    list in dist/ what all of it is made of (CycloneDX)"
	@echo "make kernel  compile the decoder's functions for browsers anew"
	@echo "make clean   remove what set-up and tests made"

setup: $(EDITABLE) $(MODULES) $(RUNTIME)

demo: setup
	$(BIN)/raisr encode samples/*.jpg -o demo --base jpeg --target-size 25KB
	$(BIN)/raisr serve demo --references samples --port $(PORT)

# A file's tests share what it sets up: they stay in one process.
test: setup browsers lint audit
	$(BIN)/pytest --numprocesses $(JOBS) --dist loadfile

check: setup lint
	$(BIN)/pytest --numprocesses $(JOBS) --dist loadfile -m "not slow" --ignore tests/browser

lint: $(EDITABLE) $(MODULES)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	npm run --silent lint

# Known vulnerabilities of what is pinned, as far as PyPI and npm answer.
audit: $(EDITABLE) $(MODULES)
	$(BIN)/python .ci/audit.py

fuzz: $(EDITABLE)
	PYTHONPATH=tests $(BIN)/python -m fuzz --runs $(RUNS)

format: $(EDITABLE)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(EDITABLE)
	$(BIN)/uv pip compile --quiet --upgrade --universal --fork-strategy fewest --python-version 3.11 \
		--generate-hashes --no-emit-index-url --custom-compile-command "make lock" \
		--no-emit-package raisr-decoder --no-emit-package raisr --no-emit-package raisr-web --extra train \
		$(DISTRIBUTIONS:%=%/pyproject.toml) requirements.in --output-file requirements.lock
	npm update

# Wheels of all distributions; equal sources give equal bytes.
dist: $(RUNTIME)
	.ci/wheels $(BIN)/python dist

# What all of it is made of, in CycloneDX's format.
sbom: $(EDITABLE) $(MODULES)
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements --output-reproducible --output-file dist/python.cdx.json requirements.lock
	npm sbom --package-lock-only --sbom-format cyclonedx >dist/javascript.cdx.json

# What is shipped is replaced once all is trained.
banks: $(EDITABLE)
	$(BIN)/raisr train-shipped $(PHOTOGRAPHS) -o .cache/banks
	rm -f wasm_decoder/raisr_decoder/banks/*
	mv .cache/banks/* wasm_decoder/raisr_decoder/banks/

# Code as Numba writes it, not made fit for this machine, and none from earlier runs.
kernel: $(EDITABLE)
	NUMBA_OPT=0 NUMBA_CACHE_DIR=$$(mktemp -d) $(BIN)/python -m tools.compile_kernel wasm_decoder/raisr_decoder

clean:
	rm -rf .venv .cache node_modules web/raisr_web/runtime demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf dist $(DISTRIBUTIONS:%=%/build) $(DISTRIBUTIONS:%=%/*.egg-info)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "raisr needs Python 3.11 or newer: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv

$(PACKAGES): requirements.lock | .venv/bin/python
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock || \
		{ echo "Python packages are missing: check the network and pip's index, then run make again"; exit 1; }
	@touch $@

$(EDITABLE): $(PACKAGES) $(DISTRIBUTIONS:%=%/pyproject.toml)
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-build-isolation --no-deps \
		$(DISTRIBUTIONS:%=--editable %)
	@touch $@

$(MODULES): package.json package-lock.json
	@command -v npm >/dev/null || { echo "raisr needs Node.js 20 or newer with npm"; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error || \
		{ echo "npm packages are missing: check the network and npm's registry, then run make again"; exit 1; }
	@touch $@

$(RUNTIME): $(RUNTIME_SOURCES) | $(EDITABLE) $(MODULES)
	$(BIN)/python -m tools.runtime
	@touch $@

browsers:
	@missing=; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	command -v firefox-esr >/dev/null || missing="$$missing firefox-esr"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then apt-get update && apt-get install -y $$missing; \
	else echo "the browser tests need$$missing: install them and run make again"; exit 1; fi
