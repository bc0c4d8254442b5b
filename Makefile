# What people do with this checkout; everything runs in .venv, which is made at the first use.
SHELL := bash
PY := .venv/bin/python
# Processes that run tests at once; many tests wait for processes of their own.
WORKERS ?= 2

.PHONY: help demo test quick lint types environment peers wheel lock clean

help:  ## show this
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

environment:  ## make .venv with exactly what the lock file names
	@PYTHON="$(PYTHON)" scripts/environment

peers: environment  ## make .peers: the tools that tests and benchmarks compare with
	@scripts/peers

demo: environment  ## the whole job on the bundled newsroom; the archive stays in demo-archive/
	@.venv/bin/presskeep demo --force

test: environment peers lint types  ## style, types, then the whole suite with coverage
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile --durations=25 --cov --cov-report=term:skip-covered

quick: environment  ## the suite without what takes long
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile -m "not slow and not shared"

lint: environment
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .

types: environment
	@.venv/bin/mypy

wheel: environment  ## build the wheel, install it into a clean environment, run it there
	@scripts/wheel

lock: environment  ## resolve the dependencies anew
	@scripts/lock

clean:  ## remove what was built; archives stay
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache htmlcov .coverage
