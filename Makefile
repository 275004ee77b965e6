# `make` lists what there is. Needs python3.11, make and git; everything else goes into .venv.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEOPLE ?= 20000
SEED ?= 7
WORKERS ?= 2
HISTORIES ?= 10000
DEFINITIONS ?= 5000
SHARED_OUT = -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help install demo up down clean-demo test test-fast test-kill test-backfill test-histories test-audiences test-soak bench-extract bench-deltas check format compile new-audience new-source docs lock

help: ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The virtual environment is made once, and again when the lock or the package list changes.
$(STAMP): requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (one to two minutes, once)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(STAMP)

install: $(STAMP) ## Make .venv and install everything into it

demo: $(STAMP) ## Three simulated nights in a real Airflow, checked to the last member (PEOPLE=20000)
	@$(BIN)/python -m demo run --people $(PEOPLE) --seed $(SEED)

up: $(STAMP) ## The same, and leave Airflow's UI running (stop it with make down)
	@$(BIN)/python -m demo up --people $(PEOPLE) --seed $(SEED)

down: $(STAMP) ## Stop what make up started
	@$(BIN)/python -m demo down

clean-demo: down ## Forget everything the demo made
	rm -rf .muster

test: $(STAMP) check ## Everything that CI runs
	@$(BIN)/python -m pytest $(SHARED_OUT) -m "not kill and not soak and not backfill" tests

test-fast: $(STAMP) ## The inner loop: under 90 seconds
	@$(BIN)/python -m pytest $(SHARED_OUT) -m "not slow and not kill and not airflow and not soak" tests

test-kill: $(STAMP) ## kill -9 of extract, dbt and export at 30 random moments each
	@$(BIN)/python -m pytest -m kill tests

test-backfill: $(STAMP) ## airflow backfill create over 60 days beside a nightly run, and day by day without Airflow (some minutes)
	@$(BIN)/python -m pytest -m backfill tests
	@$(BIN)/python -m demo backfill

test-histories: $(STAMP) ## Random source histories, staged against an oracle (HISTORIES=10000)
	@HISTORIES=$(HISTORIES) $(BIN)/python -m pytest $(SHARED_OUT) tests/histories

test-audiences: $(STAMP) ## Random audience definitions, SQL against a naive reading (DEFINITIONS=5000)
	@DEFINITIONS=$(DEFINITIONS) $(BIN)/python -m pytest tests/audiences/test_semantics.py

test-soak: $(STAMP) ## Thirty simulated days: nights, five-minute runs, a backfill, 2 % faults (some minutes)
	@$(BIN)/python -m pytest -m soak -s tests

bench-extract: $(STAMP) ## Bulk files to committed Parquet, against DuckDB's conversion of the same file
	@$(BIN)/python -m bench.extract

bench-deltas: $(STAMP) ## A change in a Marketo until it is in the lake, by the five-minute path
	@$(BIN)/python -m bench.deltas

check: $(STAMP) ## Lint, types, import contracts, compiled audiences and mappings
	@$(BIN)/ruff check --no-cache .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > /dev/null || $(BIN)/lint-imports --no-cache
	@$(BIN)/muster compile --check

format: $(STAMP) ## Bring the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

compile: $(STAMP) ## Audience definitions and mappings into dbt models
	@$(BIN)/muster compile

new-audience: $(STAMP) ## A commented audience to start from: NAME=some_words
	@$(BIN)/muster new-audience $(NAME)

new-source: $(STAMP) ## A connector that runs before a line is written: NAME=acme_crm
	@$(BIN)/python -m tools.new_source $(NAME)

docs: $(STAMP) ## The generated reference pages
	@$(BIN)/python -m tools.reference

lock: ## requirements.in into requirements.txt, all versions and hashes (needs uv)
	uv pip compile --python-version 3.11 --generate-hashes --no-strip-extras --custom-compile-command "make lock" --quiet requirements.in --output-file requirements.txt
	python3.11 -m tools.lock requirements.txt
