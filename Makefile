# The same five commands on a laptop and in CI: demo, test, lint, bench, faults.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
# Tests wait for processes and clocks more than they compute, so each core has two at a time.
WORKERS := $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')

.PHONY: help setup demo test lint bench faults lock clean
help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY) ## Make .venv with the pinned versions
$(READY): requirements-dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Backroom needs Python 3.11 or newer; try: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## Webhooks to a plugin, end to end, on a real Redis
	@$(BIN)/backroom demo

test: $(READY) .venv-clients/ready ## All tests
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

.venv-clients/ready: requirements-clients.txt
	$(PYTHON) -m venv --without-pip .venv-clients
	$(BIN)/python -m pip --python .venv-clients install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements-clients.txt
	@touch $@

lint: $(READY) ## Style, types, floors
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY) .venv-bench/ready ## Figures of speed, side by side in one run
	$(BIN)/python -m tests.benchmarks $(SECTIONS)
.venv-bench/ready: requirements-bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@

faults: $(READY) ## Figures of what survives a kill
	$(BIN)/pytest tests/faults -s -q

lock: $(READY) ## Pin the newest versions that pyproject.toml allows
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra embedded -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra embedded --group dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group bench -o requirements-bench.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --group clients -o requirements-clients.txt

clean: ## Remove the environments and caches
	rm -rf .venv .venv-bench .venv-clients .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
