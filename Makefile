# Commands for work on this project. `make help` lists them.

PYTHON ?= python3
BIN    := .venv/bin
LOCAL  := @$(BIN)/d1 local --

TRY_CLIENTS := @$(MAKE) --no-print-directory clients || echo "make: wrangler can't be installed, so its tests are SKIPPED."

RESOLVE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --group dev pyproject.toml \
	--custom-compile-command "make lock"

.PHONY: help up test test-quick test-thorough check lock install engine clients s3 peers clean
.DEFAULT_GOAL := up

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

up: engine ## create and migrate the environments dev and prod on the local emulator
	$(LOCAL) pulumi stack select --create dev
	$(LOCAL) pulumi up --stack dev --yes --skip-preview
	$(LOCAL) pulumi stack select --create prod
	$(LOCAL) pulumi up --stack prod --yes --skip-preview
	@echo; echo "wrangler.toml:"; echo; sed 's/^/    /' wrangler.toml
	$(LOCAL) d1 status

check: install ## check format, lint, types and the lock file, as CI does before the tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/python tools/check_english.py
	@$(BIN)/mypy
	@cp requirements.txt .venv/lock.txt
	@$(RESOLVE) --output-file .venv/lock.txt
	@diff -u requirements.txt .venv/lock.txt || \
		{ echo "make: requirements.txt does not match pyproject.toml: run 'make lock'"; exit 1; }

test-quick: install ## run the tests that need neither the Pulumi engine nor wrangler
	@$(BIN)/pytest --numprocesses 2 -m "not slow" tests/unit tests/integration

test: engine ## run the tests, without those marked thorough (usually under 12 min)
	$(TRY_CLIENTS)
	@$(BIN)/pytest --numprocesses 2 -m "not thorough"

test-thorough: engine ## run the tests marked thorough, as CI does after `make test` (usually under 40 min)
	$(TRY_CLIENTS)
	@$(BIN)/pytest --numprocesses 2 -m thorough

lock: install ## resolve the dependencies of pyproject.toml into requirements.txt
	@$(RESOLVE) --output-file requirements.txt

install: $(BIN)/.installed ## install the Python packages into .venv

engine: install ## install the Pulumi engine; build it from Go modules if it cannot be downloaded
	@$(BIN)/python tools/engine

clients: tests/node/node_modules/.installed ## install wrangler and its Node.js for the tests and measurements

s3: $(BIN)/versitygw ## install an S3 server for the tests of backups, from Go modules

peers: clients bench/node/node_modules/.installed ## install Alchemy and drizzle-kit for `python -m bench peers`

clean: ## delete the local databases, their wrangler.toml and all caches, but not .venv
	@rm -rf .d1 wrangler.toml .wrangler dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . \( -name .venv -o -name node_modules -o -name .git \) -prune -o -type d -name __pycache__ -exec rm -rf {} +

tests/node/node_modules/.installed: tests/node/package-lock.json
	@command -v npm >/dev/null || { echo "make: npm is not on PATH: install Node.js 20 or newer"; exit 1; }
	@echo "Installing wrangler and its Node.js into tests/node (usually under 1 min)."
	@npm install --prefix tests/node --no-save --no-audit --no-fund --loglevel=error
	@touch $@

$(BIN)/.installed: requirements.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: python3 is not on PATH: install Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: $$($(PYTHON) --version) is too old: install Python 3.11 or newer, or run make PYTHON=/path/to/it"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "make: this Python has no venv: install it (Debian, Ubuntu: apt install python3-venv)"; exit 1; }
	@echo "Installing the Python packages of requirements.txt into .venv (usually under 1 min)."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(BIN)/versitygw: $(BIN)/.installed
	@command -v go >/dev/null || { echo "make: go is not on PATH: install Go 1.24 or newer"; exit 1; }
	@echo "Building versitygw from Go modules into .venv (usually under 5 min)."
	@GOBIN=$(abspath $(BIN)) go install github.com/versity/versitygw/cmd/versitygw@v1.8.0

bench/node/node_modules/.installed: bench/node/package-lock.json
	@echo "Installing Alchemy and drizzle-kit into bench/node (usually under 5 min)."
	@npm install --prefix bench/node --no-save --no-audit --no-fund --loglevel=error
	@touch $@
