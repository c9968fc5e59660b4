# Each gate as .ci/run calls it, on an environment in .venv (see CONTRIBUTING.md).
BIN := .venv/bin
PYTHON := $(BIN)/python
TESTS := $(PYTHON) -m pytest -n auto

.PHONY: help check test coverage lint format types layers docstrings docs exports sabotage wheel demo ci

help:
	@echo "check test coverage lint format types layers docstrings docs exports sabotage wheel demo ci"

check: lint types layers docstrings coverage docs

test:
	$(TESTS)

coverage:
	$(TESTS) --cov --cov-report=
	$(PYTHON) -m coverage report

lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format:
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

types:
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(PYTHON)

layers:
	$(BIN)/lint-imports

docstrings:
	$(BIN)/interrogate --quiet src tests

docs:
	$(BIN)/sphinx-build -n -W --keep-going -q -b html docs docs/_build/html

exports:
	$(PYTHON) -m tests.tools.write_exports

sabotage:
	$(PYTHON) -m tests.sabotage

wheel:
	$(PYTHON) -m build --wheel --outdir dist

demo:
	$(PYTHON) -m customer_accounts demo

ci:
	.ci/run
