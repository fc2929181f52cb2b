# Facilitator. `make demo` and `make test` are all that a fresh machine needs; see README.md.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
unexport PYTHONDONTWRITEBYTECODE # or each of the programs that tests start compiles all that it loads anew
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt

.PHONY: help demo test test-sound test-rest test-screens check bench crash system clean
help:
	@echo "make demo   install and run the whole job on the sample recording (under 5 minutes)"
	@echo "make test   install what the tests need and run them all (about 20 minutes)"
	@echo "make check  formatting, lint, types, import contracts"
	@echo "make bench  the benchmarks, quick form"
	@echo "make crash  the counted crash trials (about 65 minutes; SCALE=0.01 for a hundredth of them)"
	@echo "make clean  remove the virtual environment and the demonstration study"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the speech engine, then the program (a few minutes the first time) …"
	$(INSTALL) torch
	$(INSTALL) -e ".[offline]"
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(INSTALL) -e ".[offline,dev]"
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/facilitator demo demo-study
	@echo "  ($(BIN)/facilitator is the program; or activate $(VENV) first)"

system:
	@sh .ci/system-packages

test: system $(VENV)/.installed-dev check
	$(MAKE) -j2 test-sound test-rest test-screens
	$(BIN)/python -m pytest -m alone

# Two at a time: sound mostly waits, and so goes well beside the speech models; whichever ends first makes room for the screens.
test-sound:
	$(BIN)/python -m pytest -q -m "sound and not alone"

test-rest:
	$(BIN)/python -m pytest -q -m "not sound and not alone" --ignore=tests/tui

test-screens:
	$(BIN)/python -m pytest -q -m "not sound and not alone" tests/tui

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/refuse-data

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.startup --quick
	$(BIN)/python -m benchmarks.recording --quick
	$(BIN)/python -m benchmarks.conduct --quick
	$(BIN)/python -m benchmarks.transcription --quick
	$(BIN)/python -m benchmarks.pseudonymization --quick

SCALE ?= 1
crash: system $(VENV)/.installed-dev
	$(BIN)/python -m tests.crash --scale $(SCALE)

clean:
	rm -rf $(VENV) demo-study
