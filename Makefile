# Everything a newcomer needs: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2
STAMP := $(VENV)/.installed

# Tests run TensorFlow in child processes; one thread each keeps two workers from fighting.
export TF_NUM_INTRAOP_THREADS ?= 1
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help install demo test test-slow check format android bench clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(STAMP) ## make .venv with everything

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "EdgeVision needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[optimize,report]" --group dev
	@touch $@

demo: install ## the main job, end to end, on scikit-learn's handwritten digits
	$(BIN)/edgevision demo -o demo-run --overwrite

test: install ## all quick tests
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadfile

test-slow: install ## the tests that take minutes, or need what .ci/setup brings
	$(BIN)/python -m pytest -m slow

check: install ## format, lint, types, layers: what CI asks before the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## put the code in our format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

android: install ## what can be verified of the Android demo without Google's repositories
	PYTHON=$(BIN)/python android_demo/ci/run.sh

bench: install ## the benchmarks whose figures the README gives
	$(BIN)/python benchmarks/compare_toolchain.py
	$(BIN)/python benchmarks/fidelity.py
	$(BIN)/python benchmarks/run_suite.py int8-224
	$(BIN)/python benchmarks/table.py docs/bench.md README.md --suite int8-224

clean: ## remove what the targets above made
	rm -rf $(VENV) demo-run .mypy_cache .ruff_cache .pytest_cache .hypothesis
