# Everything a fresh machine needs: Python 3.11 to 3.13 and make.
PYTHON ?= python3
BIN := .venv/bin
# A lock file stands for what is installed: its stamp is older than it when something has to be done again.
RUN_STAMP := .venv/run.stamp
DEV_STAMP := .venv/dev.stamp
NODE_STAMP := .venv/node.stamp
TYPESCRIPT := tests/typescript

# Tests that start no service but servers of their own, and those that do harm.
COMPUTING := tests/cnnservice tests/worker
HARMING := tests/faults tests/hostile tests/keys

.PHONY: run up test test-computing test-faults test-hostile test-compose audit audit-code audit-dependencies lint format bench lock clean

run: $(RUN_STAMP)
	$(BIN)/cnnservice demo

up: $(RUN_STAMP)
	$(BIN)/cnnservice up

# In three processes beside the checks, as one computes while another waits for leases to run out; three of these four
# say at the end what they found.
test: $(NODE_STAMP)
	@mkdir -p build; failed=0; \
	$(MAKE) --no-print-directory lint > build/lint.txt 2>&1 & lint=$$!; \
	$(BIN)/python -m pytest $(COMPUTING) > build/computing.txt 2>&1 & computing=$$!; \
	$(BIN)/python -m pytest $(HARMING) > build/harming.txt 2>&1 & harming=$$!; \
	$(BIN)/python -m pytest $(addprefix --ignore=,$(COMPUTING) $(HARMING)) || failed=1; \
	wait $$harming || failed=1; cat build/harming.txt; \
	wait $$computing || failed=1; cat build/computing.txt; \
	wait $$lint || failed=1; cat build/lint.txt; \
	exit $$failed

# What computes, with many more examples.
test-computing: $(DEV_STAMP)
	$(BIN)/python -m pytest $(COMPUTING) --full

# Each fault at its full length and everywhere; then the system where it is not on its defaults.
test-faults: $(DEV_STAMP) $(NODE_STAMP)
	$(BIN)/python -m pytest tests/faults --full
	$(BIN)/python -m pytest tests/system --place postgresql-s3

# On a machine with a Docker engine: builds the images, brings everything up, harms it, and removes it.
test-compose: $(DEV_STAMP)
	$(BIN)/python -m pytest -s tests/compose/check_compose.py

# Hostile input, many examples of it, with keys and without; `make test-hostile SEED=7` takes others.
SEED ?= 1
test-hostile: $(DEV_STAMP)
	$(BIN)/python -m pytest tests/hostile tests/keys --full --hostile-seed=$(SEED)

audit: audit-code audit-dependencies

# What is known of the dependencies is asked of a service in the network; it is said where that does not answer.
audit-dependencies: $(DEV_STAMP)
	$(BIN)/python .ci/known_holes.py requirements/run.txt

audit-code: $(DEV_STAMP)
	$(BIN)/bandit -q -c pyproject.toml -r api cnnservice worker
	@git rev-parse --git-dir >/dev/null 2>&1 || echo "NOT AUDITED for secrets: this is no checkout of git."
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --baseline .secrets.baseline

lint: $(DEV_STAMP) audit-code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV_STAMP)
	$(BIN)/python -m benchmarks

lock: $(DEV_STAMP)
	$(BIN)/pip install uv
	$(call compile,api,)
	$(call compile,run,--extra worker)
	$(call compile,gpu,--extra gpu)
	$(call compile,dev,--extra worker --extra dev)

compile = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --extra build --extra trace $(2) pyproject.toml -o requirements/$(1).txt

clean:
	rm -rf .venv $(TYPESCRIPT)/node_modules $(TYPESCRIPT)/generated build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv .venv
	touch $@

$(RUN_STAMP): .venv/made requirements/run.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(DEV_STAMP): $(RUN_STAMP) requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

# What the TypeScript client of the tests is made with. Node itself is among the development requirements.
$(NODE_STAMP): $(DEV_STAMP) $(TYPESCRIPT)/package.json $(TYPESCRIPT)/package-lock.json
	cd $(TYPESCRIPT) && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --no-audit --no-fund
	touch $@
