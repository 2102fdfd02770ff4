.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: help setup demo test check format generate bench bench-fleet clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv and install the native programs where they are missing
	@PYTHON=$(PYTHON) bash scripts/setup.sh

demo: setup ## Observe one substation end to end: make demo ARGS="--once"
	@exec $(BIN)/gridobs demo $(ARGS)

test: setup ## Run every test, on the real programs: make test ARGS="-m 'not e2e'"
	$(BIN)/pytest $(ARGS)

check: setup ## Lint, types, import contracts, rules, drift of generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/gridobs validate --strict alerts
	$(BIN)/gridobs generate --check
	$(BIN)/python -m gridobs_exporters.reference --check docs/metrics.md
	bash scripts/stubs.sh --check
	promtool check rules --lint=all helm/gridobs-edge/files/generated/rules/*.yaml
	promtool test rules alerts/tests/*.yaml

format: setup ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: setup ## Compile the sources to the files that ship
	$(BIN)/gridobs generate
	$(BIN)/python -m gridobs_exporters.reference docs/metrics.md
	bash scripts/stubs.sh

bench: setup ## Measure, each figure as a ratio against a baseline of the same run
	$(BIN)/python bench/run.py $(ARGS)

bench-fleet: setup ## Simulate fleets and judge the hub by its targets: make bench-fleet ARGS="--only region-outage"
	$(BIN)/python bench/fleet/run.py $(ARGS)

clean: ## Remove what setup and the tools made
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist
