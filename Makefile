# The two commands that matter are `make demo` and `make test`; both set up what they need.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test check format browser diagrams diagrams-check bench fuzz clean

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

check: $(VENV)/dev ## format, lint, types, tests, diagrams up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) --no-print-directory test diagrams-check

format: $(VENV)/dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

diagrams: $(VENV)/run ## draw the gallery anew
	$(BIN)/python -m fsm.render.gallery diagrams

diagrams-check: $(VENV)/run ## fail when the gallery is not what the policies say
	$(BIN)/python -m fsm.render.gallery diagrams --check

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
