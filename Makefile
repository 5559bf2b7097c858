# Everything a person or CI runs. `make` alone lists the targets.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.setup-done
# uv, from the index that pip is set up for.
UV := $(BIN)/python packages/async_emulator/trusses/environment/package_index.py $(BIN)/uv
TRUSS ?= oldest pinned newest
TRUSS_ENVIRONMENTS := .cache/truss
# By file, as most of these files start a server of their own; files without such a test are not even read.
OF_TRUSS := -n auto --dist loadfile -m truss $$(grep -rl --include='test_*.py' 'mark\.truss' tests)
# What the emulator builds with another truss stays out of the user's cache; what uv has downloaded does not.
SERVED_APART = XDG_CACHE_HOME=$(CURDIR)/$(<D)/cache UV_CACHE_DIR=$$($(BIN)/uv cache dir)

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-chain unit test prove truss-matrix truss-oldest truss-pinned truss-newest mutants lint bench schemas lock truss-lock clean

help:  ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(SETUP)  ## Make .venv with everything in it.

# pip installs uv (it is on no fresh machine), uv the rest.
$(SETUP): requirements/setup.txt requirements/dev.txt pyproject.toml
	@echo "Setting up $(VENV) (once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/setup.txt
	@$(UV) pip sync --python $(VENV) --require-hashes requirements/dev.txt
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

prove: setup  ## Run the longer proofs: races, faults, crashes, other versions of truss.
	$(BIN)/pytest -n auto --dist worksteal -m prove

truss-matrix: $(addprefix truss-,$(TRUSS))  ## Run what depends on truss on three versions of it (TRUSS="oldest newest": some).

truss-pinned: setup
	$(BIN)/pytest $(OF_TRUSS)

truss-oldest: $(TRUSS_ENVIRONMENTS)/oldest/.setup-done
	UV_OVERRIDE=$(CURDIR)/requirements/truss-oldest-served.txt $(SERVED_APART) $(<D)/bin/pytest $(OF_TRUSS)

truss-newest: $(TRUSS_ENVIRONMENTS)/newest/.setup-done
	$(SERVED_APART) $(<D)/bin/pytest $(OF_TRUSS)

# All that .venv has, but for truss and what this version of it needs otherwise.
$(TRUSS_ENVIRONMENTS)/%/.setup-done: requirements/truss-%.txt $(SETUP)
	@echo "Setting up $(@D) (once) ..."
	@$(BIN)/python -m venv --clear $(@D)
	@$(UV) pip sync --quiet --python $(@D) --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --python $(@D) --no-deps --require-hashes --requirement requirements/truss-$*.txt
	@$(UV) pip install --quiet --python $(@D) --no-deps --no-build-isolation --offline --editable .
	@$(UV) pip check --quiet --python $(@D)
	@touch $@

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
	@$(UV) pip compile --quiet --upgrade --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra dev --output-file requirements/dev.txt pyproject.toml
	@$(UV) pip compile --quiet --upgrade --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --constraints requirements/dev.txt --output-file requirements/setup.txt requirements/setup.in
	@$(BIN)/python -m tests.truss_matrix.locks

truss-lock: setup  ## Pin the oldest truss that pyproject.toml allows, and the newest that there is; nothing else.
	@$(BIN)/python -m tests.truss_matrix.locks

clean:  ## Remove what the other targets made here.
	rm -rf $(VENV) $(TRUSS_ENVIRONMENTS) outputs .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
