# hpsearch: `make demo` shows it at work, `make test` proves it. Needs python3 with venv, and nothing else.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STUDY  ?= search_spaces/digits_mlp.yaml
# Many small processes beat one with many threads here; a test that wants threads asks for them.
TESTENV := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1

.PHONY: demo test test-slow check format bench equal-time outcomes layouts clean
.DEFAULT_GOAL := demo

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(VENV)/.ready-bench: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	@touch $@

demo: $(VENV)/.ready
	$(BIN)/hpsearch run $(STUDY)

test: $(VENV)/.ready-dev
	$(TESTENV) $(BIN)/python -m pytest -n 2 -m 'not slow'

test-slow: $(VENV)/.ready-dev
	$(TESTENV) $(BIN)/python -m pytest -n 2 -m slow -p no:randomly

check: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Half an hour on two cores; name parts to have fewer: make bench WHAT="digits peak"
bench: $(VENV)/.ready-bench
	$(BIN)/python -m benchmarks $(WHAT)

equal-time: $(VENV)/.ready-bench
	$(BIN)/python -m benchmarks.equal_time

outcomes: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.outcomes

layouts: $(VENV)/.ready
	$(BIN)/python -m benchmarks.layouts

clean:
	rm -rf $(VENV) studies build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
