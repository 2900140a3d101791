# The two commands that matter are `make demo` and `make test`; both set up what they need.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test test-draft test-synapse test-spark java check format browser kramdown diagrams diagrams-check vectors bench fuzz clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

# The interpreter's own venv module is a package of its own on some systems.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "fsm needs Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { apt-get install -qq -y python3-venv && $(PYTHON) -m venv --clear $(VENV); } \
	  || { echo "fsm needs Python's venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }

$(VENV)/run: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[render,cli]'
	@touch $@

$(VENV)/dev: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/run

demo: $(VENV)/run ## replay a day of three rooms and draw the machine
	$(BIN)/fsm replay examples/day.jsonl
	@mkdir -p build
	$(BIN)/fsm draw mimi -o build/mimi.svg
	$(BIN)/fsm draw mimi -o build/mimi.png
	@echo "the machine: build/mimi.svg, build/mimi.png"

# The explorer page is tested in a real browser.
browser:
	@command -v chromium chromium-browser google-chrome > /dev/null \
	  || { apt-get update -qq && apt-get install -qq -y chromium > /dev/null; } \
	  || { echo "the tests need Chromium (Debian: apt-get install chromium)" >&2; exit 1; }

test: $(VENV)/dev browser ## run the tests
	$(BIN)/pytest -n auto

# A whole draft is built with the programs that authors of drafts use.
kramdown:
	@command -v kramdown-rfc2629 kramdown-rfc > /dev/null \
	  || { apt-get update -qq && apt-get install -qq -y ruby-kramdown-rfc2629 > /dev/null; } \
	  || { echo "the test needs kramdown-rfc (Debian: apt-get install ruby-kramdown-rfc2629)" >&2; exit 1; }

test-draft: $(VENV)/dev kramdown ## build whole drafts around the section that `fsm spec` writes
	$(BIN)/pytest -n auto tests/render/draft/build.py

SYNAPSE := build/synapse
SYNAPSE_CASES ?= 240000
SYNAPSE_SEED ?= 1

$(SYNAPSE)/bin/python: | $(BIN)/pip
	$(PYTHON) -m venv $(SYNAPSE)
	$(SYNAPSE)/bin/pip install --quiet --disable-pip-version-check 'matrix-synapse>=1.150'

test-synapse: $(VENV)/dev $(SYNAPSE)/bin/python ## compare verdicts with those of Synapse, installed beside us
	$(BIN)/python -m tests.synapse.compare $(SYNAPSE)/bin/python --cases $(SYNAPSE_CASES) --seed $(SYNAPSE_SEED)

java:
	@command -v java > /dev/null \
	  || { apt-get update -qq && apt-get install -qq -y default-jre-headless > /dev/null; } \
	  || { echo "Spark needs Java (Debian: apt-get install default-jre-headless)" >&2; exit 1; }

test-spark: $(VENV)/dev java ## run the README's program on Spark, which this installs
	$(BIN)/pip install --quiet --disable-pip-version-check 'pyspark>=4.0'
	$(BIN)/pytest tests/bulk/spark.py

check: $(VENV)/dev ## format, lint, types, tests, a whole draft, diagrams up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) --no-print-directory test test-draft diagrams-check

format: $(VENV)/dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

diagrams: $(VENV)/run ## draw the gallery anew
	$(BIN)/python -m fsm.render.gallery diagrams

diagrams-check: $(VENV)/run ## fail when the gallery is not what the policies say
	$(BIN)/python -m fsm.render.gallery diagrams --check

vectors: $(VENV)/run ## write the test vectors anew
	$(BIN)/python -m fsm.review.vectors vectors

bench: $(VENV)/dev ## measure decisions beside their peers
	$(BIN)/python -m benchmarks.decisions

FUZZ_SECONDS ?= 600

fuzz: $(VENV)/dev ## look for inputs that break the readers, guided by coverage (FUZZ_SECONDS each)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	@mkdir -p build/fuzz/codec build/fuzz/events
	$(BIN)/python -m tests.fuzz codec -max_total_time=$(FUZZ_SECONDS) build/fuzz/codec
	$(BIN)/python -m tests.fuzz events -max_total_time=$(FUZZ_SECONDS) build/fuzz/events

clean: ## remove what the other targets made
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .hypothesis
