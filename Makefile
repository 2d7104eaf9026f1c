# One command each. Only Python 3.11+ and make are needed; everything else goes into .venv.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: run test setup check bench torture lock clean

run: .venv/ready  ## start Bandstand (the demo, where there is no config.toml)
	@$(BIN)/bandstand serve $(ARGS)

test: .venv/ready-test  ## the whole suite; browser tests where Chromium is installed
	@$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

setup: .venv/ready  ## prepare the environment and stop

check: .venv/ready-test  ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: .venv/ready-test  ## measure speed; see docs/performance.md
	@$(BIN)/python -m tests.benchmarks

torture: .venv/ready-test  ## kill it at every commit and 500 random moments; ARGS="--random 50 --seed 7"
	@$(BIN)/python -m tests.torture $(ARGS)

.venv/bin/pip:
	@test -n "$(PYTHON)" || { echo "Bandstand needs Python 3.11 or newer. On Debian or Ubuntu: sudo apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python has no ensurepip. On Debian or Ubuntu: sudo apt install python3-venv"; exit 1; }
	@echo "Preparing .venv (once) ..."
	@$(PYTHON) -m venv .venv

.venv/ready: requirements.lock pyproject.toml | .venv/bin/pip
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/ready-test: requirements-test.lock .venv/ready
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

lock:  ## take newer versions of everything (needs uv)
	uv pip compile --universal --generate-hashes --no-header --quiet --upgrade --group build pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-header --quiet --upgrade --group build --group test -c requirements.lock pyproject.toml -o requirements-test.lock

clean:
	rm -rf .venv build dist *.egg-info
