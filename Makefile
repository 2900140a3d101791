# The two commands that matter are `make demo` and `make test`; both set up what they need.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo docs test test-all test-long test-draft test-firefox test-fresh test-plantuml test-synapse test-spark mutants java check types pyright format browser firefox plantuml postgresql kramdown diagrams diagrams-check vectors vectors-check bench fuzz clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

# The interpreter's own venv module is a package of its own on some systems.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "fsm needs Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { apt-get install -qq -y python3-venv && $(PYTHON) -m venv --clear $(VENV); } \
	  || { echo "fsm needs Python's venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }

# The wheels of pygraphviz bring Graphviz along, and count on a few libraries that bare systems lack.
GRAPHVIZ_LIBRARIES := libglib2.0-0 libxext6 libxrender1
define graphviz_libraries
@$(BIN)/python -c 'import pygraphviz' 2> /dev/null \
  || { apt-get update -qq && apt-get install -qq -y $(GRAPHVIZ_LIBRARIES) > /dev/null; } \
  || { echo "pictures need GLib and X11's libraries (Debian: apt-get install $(GRAPHVIZ_LIBRARIES))" >&2; exit 1; }
endef

$(VENV)/run: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[render,cli,matrix]'
	$(graphviz_libraries)
	@touch $@

$(VENV)/dev: pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	$(graphviz_libraries)
	@touch $@ $(VENV)/run

demo: $(VENV)/run ## replay a day of three rooms and draw the machine
	$(BIN)/fsm replay examples/day.jsonl --story
	@mkdir -p build
	$(BIN)/fsm draw mimi -o build/mimi.svg
	$(BIN)/fsm draw mimi -o build/mimi.png
	@echo "the machine: build/mimi.svg, build/mimi.png"

# The explorer page is tested in a real browser.
browser: $(VENV)/dev
	@command -v chromium chromium-browser google-chrome > /dev/null \
	  || { apt-get update -qq && apt-get install -qq -y chromium > /dev/null; } \
	  || { echo "the tests need Chromium (Debian: apt-get install chromium)" >&2; exit 1; }
	@$(BIN)/playwright --version > /dev/null 2>&1 \
	  || { apt-get update -qq && apt-get install -qq -y libatomic1 > /dev/null; } \
	  || { echo "the browser's driver needs libatomic (Debian: apt-get install libatomic1)" >&2; exit 1; }

# What Firefox understands as systems ship it, this version of the driver says.
FIREFOX_DRIVER := playwright==1.60.*

firefox: browser
	@command -v firefox-esr firefox > /dev/null \
	  || { apt-get update -qq && apt-get install -qq -y firefox-esr > /dev/null; } \
	  || { echo "the tests need Firefox (Debian: apt-get install firefox-esr)" >&2; exit 1; }
	@test -d build/firefox \
	  || $(BIN)/pip install --quiet --disable-pip-version-check --target build/firefox '$(FIREFOX_DRIVER)'

# The store is tested on a PostgreSQL server that the tests start themselves.
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || command -v initdb > /dev/null \
	  || { apt-get update -qq && apt-get install -qq -y postgresql > /dev/null; } \
	  || { echo "the tests need PostgreSQL (Debian: apt-get install postgresql)" >&2; exit 1; }

# Of these policies the tables of cases have to show everything: each transition and rule, each guard both ways. A test
# that walks through all that can be asked would always have seen it.
SEEN := -m "not walk" --fsm-coverage-min=100 $(addprefix --fsm-coverage-policy=,mimi mimi-00 mimi-01)

test: $(VENV)/dev browser postgresql ## run the tests, but for those that take long
	$(BIN)/pytest -n auto -m "not long"
	$(BIN)/pytest --quiet $(SEEN) tests/mimi/test_policies.py tests/mimi/test_revisions.py tests/mimi/test_permits.py

# What is added to `check` here takes more time, other programs or the network, and seldom breaks.
test-all: ## what `check` does, and all tests that take long
	$(MAKE) --no-print-directory check
	$(MAKE) --no-print-directory vectors-check test-long test-firefox pyright
	$(MAKE) --no-print-directory test-fresh test-plantuml test-spark
	$(MAKE) --no-print-directory test-synapse
	$(MAKE) --no-print-directory mutants

test-long: $(VENV)/dev browser postgresql ## run the tests that take long
	$(BIN)/pytest -n auto -m long

test-firefox: firefox ## run the tests of pages in Firefox
	PYTHONPATH=build/firefox FSM_BROWSER=firefox $(BIN)/pytest -n auto tests/explorer tests/review/test_reports.py tests/test_site.py

mutants: $(VENV)/dev ## change the rules in every small way, and say which change no test notices
	$(BIN)/python -m tests.mutants

# A whole draft is built with the programs that authors of drafts use.
kramdown:
	@command -v kramdown-rfc2629 kramdown-rfc > /dev/null \
	  || { apt-get update -qq && apt-get install -qq -y ruby-kramdown-rfc2629 > /dev/null; } \
	  || { echo "the test needs kramdown-rfc (Debian: apt-get install ruby-kramdown-rfc2629)" >&2; exit 1; }

test-draft: $(VENV)/dev kramdown ## build whole drafts around the section that `fsm spec` writes
	$(BIN)/pytest -n auto tests/render/draft/build.py

plantuml:
	@command -v plantuml > /dev/null \
	  || { apt-get update -qq && apt-get install -qq -y plantuml > /dev/null; } \
	  || { echo "the test needs PlantUML (Debian: apt-get install plantuml)" >&2; exit 1; }

test-plantuml: $(VENV)/dev plantuml ## have PlantUML itself read what is written for it
	$(BIN)/pytest tests/render/plantuml.py

test-fresh: $(VENV)/dev ## install the package in environments of its own, and try there what the README shows
	$(BIN)/pytest tests/fresh.py

SYNAPSE := build/synapse
SYNAPSE_CASES ?= 240000
SYNAPSE_SEED ?= 1

$(SYNAPSE)/run: | $(BIN)/pip
	$(PYTHON) -m venv $(SYNAPSE)
	$(SYNAPSE)/bin/pip install --quiet --disable-pip-version-check 'matrix-synapse>=1.150'
	@touch $@

test-synapse: $(VENV)/dev $(SYNAPSE)/run ## compare verdicts with those of Synapse, installed beside us
	$(BIN)/python -m tests.synapse.compare $(SYNAPSE)/bin/python --cases $(SYNAPSE_CASES) --seed $(SYNAPSE_SEED)

java:
	@command -v java > /dev/null \
	  || { apt-get update -qq && apt-get install -qq -y default-jre-headless > /dev/null; } \
	  || { echo "Spark needs Java (Debian: apt-get install default-jre-headless)" >&2; exit 1; }

test-spark: $(VENV)/dev java ## run the documentation's program on Spark, which this installs
	$(BIN)/pip install --quiet --disable-pip-version-check 'pyspark>=4.0'
	$(BIN)/pytest tests/bulk/spark.py

check: $(VENV)/dev ## format, lint, types, tests, a whole draft, diagrams and vectors up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(MAKE) --no-print-directory --jobs=2 diagrams-check vectors-check types VECTORS="mimi mimi-00 mimi-01 matrix-1 matrix-12"
	$(MAKE) --no-print-directory test test-draft

types: $(VENV)/dev ## check the types
	$(BIN)/mypy

pyright: $(VENV)/dev ## check the types of hosts' programs with another checker
	$(BIN)/pyright --pythonpath $(BIN)/python examples tests/test_types.py

format: $(VENV)/dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

diagrams: $(VENV)/dev ## draw the gallery anew
	$(BIN)/fsm gallery diagrams

diagrams-check: $(VENV)/dev ## fail when the gallery is not what the policies say
	$(BIN)/fsm gallery diagrams --check

# Some policies need an extra to have all that can be asked of them played.
vectors: $(VENV)/dev ## write the test vectors anew
	$(BIN)/fsm vectors --into vectors

# Of the versions of Matrix, the first and the last stand for all in `check`.
vectors-check: $(VENV)/dev ## fail when the test vectors are not what the policies say
	$(BIN)/fsm vectors --into vectors --check $(VECTORS)

# Synapse's own check is one of the peers where `make test-synapse` has installed it.
bench: $(VENV)/run ## measure speed and memory beside our peers, and write benchmarks/RESULTS.md
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(BIN)/python -m benchmarks

FUZZ_SECONDS ?= 600

fuzz: $(VENV)/dev ## look for inputs that break the readers, guided by coverage (FUZZ_SECONDS each)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	@mkdir -p build/fuzz/codec build/fuzz/events
	$(BIN)/python -m tests.fuzz codec -max_total_time=$(FUZZ_SECONDS) build/fuzz/codec
	$(BIN)/python -m tests.fuzz events -max_total_time=$(FUZZ_SECONDS) build/fuzz/events

docs: $(VENV)/dev ## build the documentation as a site, in build/site
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[docs]'
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going docs build/site
	@echo "the site: build/site/index.html"

clean: ## remove what the other targets made
	rm -rf $(VENV) build .mypy_cache .pytest_cache .ruff_cache .hypothesis
