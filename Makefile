# Everything here sets itself up first; on a fresh Debian 12 or newer `make demo` is the only command needed.

PYTHON ?= python3
ARGS ?=
comma := ,
BIN := .venv/bin
PROGRAMS ?= equal_time ari_cost load soak beside
# bootstrap.py refuses a Python that is too old in plain words, but must be readable by it.
SET_UP = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 7))' 2>/dev/null || \
	{ echo 'Python 3.11 or newer is needed as "$(PYTHON)"; name another with PYTHON=' >&2; exit 2; }; \
	$(PYTHON) bootstrap.py
# What the lock holds besides the project's own needs: what builds it, so that nothing unpinned runs.
BUILD_NEEDS := hatchling>=1.27 editables>=0.5
# What this machine's pip is configured with: packages are looked for where it looks, inside of an image as well.
BUILD_SECRETS := $(if $(wildcard /etc/pip.conf),--secret id=pip$(comma)src=/etc/pip.conf) \
	$(if $(PIP_CERT),--secret id=certificates$(comma)src=$(PIP_CERT))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup environment demo run test image-test bench faults lint format wheel lock clean

help: ## show this list
	@echo "Usage: make TARGET [ARGS='options for the command'] [PYTHON=python3.13]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install system packages, .venv and the private Asterisk, whatever of it is missing
	@$(SET_UP)

environment:
	@$(SET_UP) --no-pbx

demo: setup ## call the hotline with a softphone and show what was said, heard and stored
	@tests/in-private-network $(BIN)/hotline demo $(ARGS)

run: setup ## start the hotline with its private Asterisk and call it yourself
	@$(BIN)/hotline run $(ARGS)

test: setup lint ## lint, then every test, in a private network; ARGS go to pytest
	@tests/in-private-network $(BIN)/pytest -n 6 --dist loadgroup $(ARGS)

image-test: setup ## build the container image with podman and ring it; needs podman and buildah (Debian has both), as root
	@tests/image/base
	@podman build --quiet --network host --isolation chroot --format docker --target service --tag vssid-hotline $(BUILD_SECRETS) .
	@IMAGE=localhost/vssid-hotline tests/in-private-network $(BIN)/pytest tests/image $(ARGS)

bench: setup ## measure, beside goals, and draw charts: all of PROGRAMS, or PROGRAMS=load ARGS='--rate 5'
	@$(BIN)/python -m bench.beside.install
	@status=0; for program in $(PROGRAMS); do \
		tests/in-private-network $(BIN)/python -m bench.$$program $(ARGS) || status=1; done; exit $$status

faults: setup ## break what can break while calls come, and look at calls and records; ARGS='--only killed'
	@tests/in-private-network $(BIN)/python -m bench.faults $(ARGS)

lint: environment ## style, types and the layers between rooms
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy agi/hotline bench bootstrap.py
	@$(BIN)/lint-imports

format: environment ## put the code into its one form
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

wheel: environment ## build the package for a server into dist/; deploy/README.md says how to install it
	@$(BIN)/python -m hatchling build --target wheel

lock: environment ## lock the newest versions pyproject.toml allows, with their hashes
	@$(PYTHON) -m venv build/lock
	@build/lock/bin/pip install --quiet uv
	@printf '%s\n' $(foreach need,$(BUILD_NEEDS),'$(need)') | build/lock/bin/uv pip compile --quiet --upgrade \
		--extra demo --extra dev --python-version 3.11 --python-platform linux --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command 'make lock' \
		--output-file requirements.lock pyproject.toml -
	@build/lock/bin/uv pip compile --quiet --python-version 3.11 --python-platform linux --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command 'make lock' --constraint requirements.lock \
		--output-file deploy/requirements.lock pyproject.toml

clean: ## remove what was made in this checkout (not the private Asterisk in ~/.cache/vssid-hotline)
	@rm -rf .venv build dist out .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
