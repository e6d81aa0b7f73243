# Every target works on a fresh clone: what it needs is set up first, in .venv.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.installed
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
STRICT := crmcore $(wildcard plugins/*/src)
LEGAL := examples/legal_events
TYPED := $(STRICT) $(wildcard conftest.py tests plugins/*/tests benchmarks docs/build.py $(LEGAL)/src $(LEGAL)/tests)
WORKERS ?= 2
ARGS ?=

.PHONY: help setup demo test lowest cover lint format bench docs wheel constraints clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## .venv with crmcore, its plugins (both editable) and all development tools

# One pip command: the plugins need a crmcore that no index has.
$(STAMP): pyproject.toml constraints.txt $(addsuffix /pyproject.toml,$(PLUGINS))
	test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install -qq --no-input --disable-pip-version-check \
	    -c constraints.txt -e '.[dev]' $(addprefix -e ./,$(PLUGINS))
	touch $@

demo: setup ## show on bundled real data what crmcore does
	$(BIN)/crm demo $(ARGS)

test: setup ## all tests; servers from CRMCORE_TEST_POSTGRES and CRMCORE_TEST_MARIADB, else those tests skip
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

lowest: ## all tests with the oldest releases that pyproject.toml allows
	place=$$(mktemp -d); trap 'rm -rf "$$place"' EXIT; \
	"$(PYTHON)" -m venv "$$place/venv"; \
	"$$place/venv/bin/python" -m pip install -qq --no-input --disable-pip-version-check \
	    -c constraints-lowest.txt -e '.[migrate,postgres,mysql,xlsx,test]' $(addprefix -e ./,$(PLUGINS)); \
	"$$place/venv/bin/python" -m pytest -n $(WORKERS) $(ARGS)

cover: setup ## all tests in one process, with branch coverage
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage report

lint: setup ## style, format, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(TYPED)
	PYTHONPATH=$(LEGAL)/src $(BIN)/lint-imports --no-logo

format: setup ## rewrite the sources as lint wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## measure speed and size
	$(BIN)/python -m benchmarks $(ARGS)

docs: setup ## regenerate docs/reference from the code
	$(BIN)/python docs/build.py $(ARGS)

wheel: setup ## build the wheels into dist/ and try them in a fresh venv, the sources out of reach
	rm -rf dist
	for source in . $(PLUGINS); do \
	    $(BIN)/python -m build --wheel --no-isolation --outdir dist "$$source" >/dev/null; \
	done
	place=$$(mktemp -d); trap 'rm -rf "$$place"' EXIT; \
	"$(PYTHON)" -m venv "$$place/venv"; \
	"$$place/venv/bin/python" -m pip install -qq --no-input --disable-pip-version-check \
	    -c constraints.txt dist/*.whl; \
	cp tests/wheel_smoke.py "$$place/"; cd "$$place"; \
	env -u PYTHONPATH venv/bin/python -I wheel_smoke.py

# Resolves anew from the wide ranges of pyproject.toml, so it takes the newest releases that fit.
constraints: ## rewrite constraints.txt from a fresh resolution
	place=$$(mktemp -d); trap 'rm -rf "$$place"' EXIT; \
	"$(PYTHON)" -m venv "$$place/venv"; \
	"$$place/venv/bin/python" -m pip install -qq --no-input --disable-pip-version-check \
	    -e '.[dev]' $(addprefix -e ./,$(PLUGINS)); \
	"$$place/venv/bin/python" -m pip freeze --exclude-editable > "$$place/found"; \
	LC_ALL=C sort -f "$$place/found" > constraints.txt

clean: ## remove .venv, dist and every cache
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
