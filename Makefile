# make up    an environment from nothing to a migrated database, on the local emulator
# make test  the whole test suite
# make check format, lint, types, lock file: what CI runs before the tests
# make lock  resolve the dependencies of pyproject.toml into requirements.txt again

PYTHON ?= python3
BIN    := .venv/bin
LOCAL  := @$(BIN)/d1 local --

RESOLVE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --group dev pyproject.toml \
	--custom-compile-command "make lock"

.PHONY: up test check lock install engine clients
.DEFAULT_GOAL := up

up: engine
	$(LOCAL) pulumi stack select --create dev
	$(LOCAL) pulumi up --stack dev --yes --skip-preview
	$(LOCAL) pulumi stack select --create prod
	$(LOCAL) pulumi up --stack prod --yes --skip-preview
	@echo; echo "wrangler.toml:"; echo; sed 's/^/    /' wrangler.toml
	$(LOCAL) d1 status

test: engine
	@$(MAKE) --no-print-directory clients || echo "make: wrangler can't be installed, so its tests are SKIPPED."
	@$(BIN)/pytest --numprocesses 2

check: install
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@cp requirements.txt .venv/lock.txt
	@$(RESOLVE) --output-file .venv/lock.txt
	@diff -u requirements.txt .venv/lock.txt || \
		{ echo "make: requirements.txt is not what pyproject.toml asks for: run 'make lock'"; exit 1; }

lock: install
	@$(RESOLVE) --output-file requirements.txt

engine: install
	@$(BIN)/python tools/engine

install: $(BIN)/.installed

clients: tests/node/node_modules/.installed

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
