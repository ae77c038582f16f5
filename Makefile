# Two commands: `make demo` (no network) or `make crawl`, and `make test`. Options pass through: make crawl ARGS="--limit 50"
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
EVAL   ?= ../shared/eval
HISTORY ?= build/history
ARGS   ?=
PIP    := $(BIN)/python -m pip install -qq --disable-pip-version-check

.PHONY: help setup setup-dev crawl demo test lint types bench bench-dedup bench-tables bench-crawl bench-report bench-extract bench-translations bench-memory bench-pages bench-peers bench-history bench-simulate bench-spark fuzz clean
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
# What is compared with has needs of its own, and pip 23 cannot resolve them.
.venv-peers/.setup:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check news-please datasketch pandas pyarrow
	@touch $@

crawl: setup    ## crawl the default publishers and print a summary
	@$(BIN)/copydesk crawl $(ARGS)
demo: setup     ## the main job with no network, on a small archive
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/demo/demo.sh
test: lint types  ## lint, types and all tests
	$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)
lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
types: setup-dev
	$(BIN)/mypy

bench: bench-pages bench-peers bench-history bench-simulate bench-extract bench-dedup bench-translations bench-tables bench-crawl bench-report bench-memory bench-spark fuzz  ## every benchmark; needs the evaluation data in EVAL
bench-pages: setup-dev .venv-peers/.setup  ## pages to tables, against news-please and trafilatura; ARGS="--rounds 1"
	$(BIN)/python -m benchmarks.pages --eval $(EVAL) $(ARGS)
bench-peers: setup-dev                     ## copy finding, against datasketch and rensa; ARGS="--articles 10000"
	$(BIN)/python benchmarks/dedup_peers.py speed $(ARGS)
bench-history: setup-dev                   ## memory and a run's cost on a million articles, kept in HISTORY
	$(BIN)/python benchmarks/dedup_speed.py --folder $(HISTORY)
	$(BIN)/python benchmarks/dedup_peers.py memory --folder $(HISTORY)
	$(BIN)/python benchmarks/dedup_peers.py hourly --folder $(HISTORY)
bench-simulate: setup-dev                  ## a year of hourly runs; ARGS="--every 1" for all of them
	$(BIN)/python benchmarks/simulate.py --chart docs/simulation.svg $(ARGS)
bench-extract: setup-dev
	$(BIN)/python benchmarks/extraction.py --eval $(EVAL)
bench-dedup: setup-dev
	$(BIN)/python benchmarks/dedup_quality.py --eval $(EVAL) --peers
bench-translations: setup-dev
	$(BIN)/python benchmarks/translations.py --eval $(EVAL)
bench-tables: setup-dev
	$(BIN)/python benchmarks/tables.py
bench-crawl: setup-dev
	$(BIN)/python -m benchmarks.crawl
	$(BIN)/python -m benchmarks.chaos
bench-memory: setup-dev
	$(BIN)/python -m benchmarks.memory --chart docs/memory.png
	$(BIN)/python -m benchmarks.memory --pages 20000 --extract $(EVAL)
bench-spark: setup-dev                     ## whether Spark gives the same tables, and what it costs; needs Java 17, an hour or more
	$(BIN)/python -m benchmarks.spark same --eval $(EVAL)
	$(BIN)/python -m benchmarks.spark cost
bench-report: setup-dev
	$(BIN)/python benchmarks/report.py
fuzz: setup-dev                            ## mutated pages against the extractor
	$(BIN)/python benchmarks/fuzz_extract.py
clean:          ## remove what make made; data/ stays
	rm -rf $(VENV) .venv-peers build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-data
