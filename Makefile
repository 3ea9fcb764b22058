# Everything runs in a virtual environment of its own, .venv; it needs Python 3.11 and make.

PYTHON ?= python3.11
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check fmt torture bench clean

help:  ## show this
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: .venv/demo.stamp  ## snapshot, damage and restore real data in a throw-away store
	$(BIN)/rewinddb demo

test: check  ## all checks and all tests
	$(BIN)/pytest -n 2

check: .venv/test.stamp  ## style, types and the import contract, without the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: .venv/test.stamp  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

torture: .venv/test.stamp  ## try for 25 minutes to lose data; TORTURE="--scale 10 --seed 7" for longer
	$(BIN)/python -m tests.torture $(TORTURE)

bench: .venv/test.stamp  ## measure beside PostgreSQL; BENCH=--quick for a short run
	$(BIN)/python -m bench $(BENCH)

clean:  ## remove the virtual environment and all caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is needed; name another with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/%.stamp: pyproject.toml | .venv/bin/python
	@echo "setting up .venv, once: installing what '$*' needs, about a minute"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@
