# Two commands: `make demo` (no network) or `make crawl`, and `make test`. Options pass through: make crawl ARGS="--limit 50"
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
EVAL   ?= ../shared/eval
ARGS   ?=
PIP    := $(BIN)/python -m pip install -qq --disable-pip-version-check

.PHONY: help setup setup-dev crawl demo test lint types bench bench-dedup bench-tables bench-crawl bench-report bench-extract bench-translations fuzz clean
help:           ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 22

setup: $(VENV)/.setup      ## make .venv, nothing else
setup-dev: $(VENV)/.setup-dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
$(VENV)/.setup: pyproject.toml | $(VENV)/bin/python
	@echo "setting up $(VENV): a minute or two, once"
	@$(PIP) -e .
	@touch $@
$(VENV)/.setup-dev: pyproject.toml | $(VENV)/bin/python
	@echo "setting up $(VENV) with the tools for developers: a minute or two, once"
	@$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.setup

crawl: setup    ## crawl the default publishers and print a summary
	@$(BIN)/copydesk crawl $(ARGS)
demo: setup     ## the main job with no network, on a small archive
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/demo/demo.sh
test: lint types  ## lint, types and all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)
lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
types: setup-dev
	$(BIN)/mypy

bench: bench-extract bench-dedup bench-translations bench-tables bench-crawl bench-report bench-memory  ## every benchmark; needs the evaluation data in EVAL
bench-extract: setup-dev
	$(BIN)/python benchmarks/extraction.py --eval $(EVAL)
bench-dedup: setup-dev
	$(BIN)/python benchmarks/dedup_quality.py --eval $(EVAL) --peers
	$(BIN)/python benchmarks/dedup_speed.py
bench-translations: setup-dev
	$(BIN)/python benchmarks/translations.py --eval $(EVAL)
bench-tables: setup-dev
	$(BIN)/python benchmarks/tables.py
bench-crawl: setup-dev
	$(BIN)/python -m benchmarks.crawl
	$(BIN)/python -m benchmarks.chaos
bench-memory: setup-dev
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.memory --pages 20000 --extract $(EVAL)
bench-report: setup-dev
	$(BIN)/python benchmarks/report.py
fuzz: setup-dev
	$(BIN)/python benchmarks/fuzz_extract.py
clean:          ## remove what make made; data/ stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-data
