# Every target works from a fresh checkout: `make test` and `make demo` install what is missing.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export MPLBACKEND := Agg
WORKERS ?= logical

.DEFAULT_GOAL := help
.PHONY: help install demo test check lint format types imports spell tests notebooks house bench clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	test -x "$(BIN)/python" || "$(PYTHON)" -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --quiet --upgrade "pip>=25.1"
	"$(BIN)/python" -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch "$(STAMP)"

install: $(STAMP)  ## Make .venv and install the package with its development tools

demo: $(STAMP)  ## Discover a graph from the Sachs protein data; writes demo/
	"$(BIN)/causalsim" demo

test: check  ## Install what is missing and run everything CI runs

check: lint types imports spell house tests notebooks  ## All checks, in CI's order

lint: $(STAMP)  ## ruff: rules and format
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .

format: $(STAMP)  ## Let ruff fix and format
	"$(BIN)/ruff" check --fix .
	"$(BIN)/ruff" format .

types: $(STAMP)  ## mypy --strict
	"$(BIN)/mypy"

imports: $(STAMP)  ## import-linter: the layers
	"$(BIN)/lint-imports"

spell: $(STAMP)  ## codespell
	"$(BIN)/codespell"

house: $(STAMP)  ## House rules: docstrings, match=, tables that name modules
	"$(BIN)/python" tools/house.py

tests: $(STAMP)  ## pytest: doctests and tests, warnings as errors, random order
	"$(BIN)/pytest" -n $(WORKERS)

notebooks: $(STAMP)  ## Execute every notebook
	"$(BIN)/pytest" --no-header -p no:randomly tools/run_notebooks.py

bench: $(STAMP)  ## Measure against installed peers; writes tables in docs/
	"$(BIN)/python" benchmarks/discovery.py --write docs/benchmarks.md
	"$(BIN)/python" benchmarks/kernels.py --write docs/kernels.md
	"$(BIN)/python" benchmarks/temporal_discovery.py --write docs/temporal.md
	"$(BIN)/python" benchmarks/cdnod.py --write docs/cdnod.md
	"$(BIN)/python" benchmarks/simulation.py --write docs/rollout.md
	"$(BIN)/python" benchmarks/realism.py --write docs/simulation.md
	"$(BIN)/python" benchmarks/judging.py --write docs/judging.md
	"$(BIN)/python" benchmarks/tuning.py --write docs/tuning.md
	"$(BIN)/python" benchmarks/intervention.py --write docs/intervention.md

clean:  ## Remove what the targets made, the environment too
	rm -rf "$(VENV)" demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
