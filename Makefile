# Everything a person or CI runs. `make` alone lists the targets.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.setup-done

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-chain unit test prove mutants lint bench schemas lock clean

help:  ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(SETUP)  ## Make .venv with everything in it.

# pip installs uv (it is on no fresh machine), uv the rest, from the index that pip is set up for.
$(SETUP): requirements/setup.txt requirements/dev.txt pyproject.toml
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/setup.txt
	@$(BIN)/python packages/async_emulator/trusses/environment/package_index.py $(BIN)/uv pip sync --python $(VENV) --require-hashes requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(VENV) --no-deps --no-build-isolation --offline --editable .
	@touch $@

demo: setup  ## Run one async request from submit to stored result, and look at it.
	@$(BIN)/python -m examples.demo

demo-chain: setup  ## The same for the chain, with three items.
	@$(BIN)/python -m examples.demo chain

unit: setup  ## Run the unit tests alone.
	$(BIN)/pytest -n auto --dist worksteal tests/unit

test: setup  ## Run the tests.
	$(BIN)/pytest -n auto --dist worksteal

prove: setup  ## Run the longer proofs: races, faults, crashes.
	$(BIN)/pytest -n auto --dist worksteal -m prove tests/prove

mutants: setup  ## Change the code a little, many times: do the tests notice? (ONLY="queue": some).
	$(BIN)/python -m tests.mutants $(ONLY)

lint: setup  ## Check format, lint, types and the direction of imports.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup  ## Measure, and print ratios (ONLY="storage receipt": some).
	$(BIN)/python -m benchmarks $(ONLY)

schemas: setup  ## Write what docs/ takes from the code: JSON Schemas, the rows of conformance.
	$(BIN)/python docs/schemas.py
	$(BIN)/python docs/conformance_rows.py

lock: setup  ## Pin the newest versions that pyproject.toml allows.
	@$(BIN)/python packages/async_emulator/trusses/environment/package_index.py $(BIN)/uv pip compile --quiet --upgrade --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra dev --output-file requirements/dev.txt pyproject.toml
	@$(BIN)/python packages/async_emulator/trusses/environment/package_index.py $(BIN)/uv pip compile --quiet --upgrade --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --constraints requirements/dev.txt --output-file requirements/setup.txt requirements/setup.in

clean:  ## Remove what the other targets made here.
	rm -rf $(VENV) outputs .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
