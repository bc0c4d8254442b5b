# What people do with this checkout; everything runs in .venv, which is made at the first use.
SHELL := bash
PY := .venv/bin/python
# Images of Python set it; each of the many processes that tests start would then compile all modules again.
unexport PYTHONDONTWRITEBYTECODE
# Processes that run tests at once: one more than the cores of a small machine, for many tests wait for other processes.
WORKERS ?= 3
# A file's tests share what they make, so they stay together; slow files first (tests/conftest.py), not those with many.
PYTEST = $(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: help demo test quick coverage lint types environment peers wheel lock clean

help:  ## show this
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

environment:  ## make .venv with exactly what the lock file names
	@PYTHON="$(PYTHON)" scripts/environment

peers: environment  ## make .peers: the tools that tests and benchmarks compare with
	@scripts/peers

demo: environment  ## the whole job on the bundled newsroom; the archive stays in demo-archive/
	@.venv/bin/presskeep demo --force

test: environment peers lint  ## style, types, and the whole suite
	@said=$$(mktemp); .venv/bin/mypy > $$said 2>&1 & types=$$!; \
	$(PYTEST) --durations=25; suite=$$?; \
	wait $$types; types=$$?; cat $$said; rm -f $$said; exit $$((suite ? suite : types))

quick: environment  ## the suite without what takes long
	@$(PYTEST) -m "not slow and not shared"

coverage: environment peers  ## the whole suite, and which lines and branches it reaches; takes half as long again
	@$(PYTEST) --cov --cov-report=term:skip-covered

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
