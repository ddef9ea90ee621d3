# Needs make, a POSIX shell and Python 3.11 or newer. All else is installed by name, pinned and hashed
# (requirements/*.txt), into .venv and .tools; nothing outside this folder is changed.
.POSIX:
SHELL = /bin/sh
.SUFFIXES:

PYTHON =
ARGS =
python = .venv/bin/python
sam = .tools/sam/bin/sam
# The lists are complete, so pip has nothing to resolve.
install = -m pip install -qq --disable-pip-version-check --no-input --no-deps --require-hashes
environment = SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} \
	PATH="$$PWD/.venv/bin:$$PATH"

help:
	@echo "make run           set everything up and start the desk on this machine (ARGS='--help' for options)"
	@echo "make test          set everything up and run all tests (ARGS='tests/unit -x' to choose)"
	@echo "make setup         only make .venv, with the aftersales command in it"
	@echo "make check         formatting, lint, types and template: what CI asks for besides the tests"
	@echo "make format        put the code into the agreed form"
	@echo "make build         build what is deployed to AWS (then: .tools/sam/bin/sam deploy)"
	@echo "make e2e           build, and look at every file of what would be deployed"
	@echo "make bench         measure cost, speed, cold starts and rules beside others (JSON; many minutes)"
	@echo "make requirements  pin the packages of requirements/*.in anew (ARGS=--upgrade for newer ones)"
	@echo "make clean         remove what make has made; the data in .state stays"

# Bytecode, as pip writes it for packages: where Python itself may not, commands start sooner.
setup: .venv/stamp-local
	@$(python) -m compileall -q local functions layers/shared/aftersales

run: setup
	@.venv/bin/aftersales run $(ARGS)

test: .venv/stamp-dev
	@$(python) -m pytest -n auto --maxprocesses 8 --dist worksteal $(ARGS)

check: .venv/stamp-dev .tools/sam/stamp
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/cfn-lint template.yaml
	@$(environment) $(sam) validate --lint

format: .venv/stamp-dev
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

build: .venv/stamp-dev .tools/sam/stamp
	@python313=$$(sh layers/build.sh python313) && $(environment) PYTHON313="$$python313" $(sam) build

e2e: build
	@$(environment) $(python) -m pytest -m e2e $(ARGS)

bench: .venv/stamp-bench
	@for name in tracking_writes tracking_throughput cold_start sweep_planning \
			reminder_rules reminder_selection reminder_units review_classifier \
			reconcile_million reconcile_xlsx; do \
		$(python) -m benchmarks.$$name || exit 1; \
	done

requirements: .venv/stamp-dev
	@requirements/compile.sh $(ARGS)

clean:
	rm -rf .venv .tools .aws-sam build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# A stamp is written when a step is complete, so a broken one is done again and a done one costs nothing.
.venv/stamp-local: .venv/bin/python requirements/local.txt pyproject.toml
	@echo "Installing the packages of requirements/local.txt into .venv (once)."
	@$(python) $(install) -r requirements/local.txt
	@$(python) -m pip install -qq --disable-pip-version-check --no-input \
		--no-build-isolation --no-deps -e .
	@touch $@

.venv/stamp-dev: .venv/stamp-local requirements/dev.txt
	@echo "Installing what tests and checks need into .venv (once)."
	@$(python) $(install) -r requirements/dev.txt
	@$(python) -m pip check --quiet
	@touch $@

.venv/stamp-bench: .venv/stamp-dev requirements/bench.txt
	@echo "Installing the peers that benchmarks compare with into .venv (once)."
	@$(python) $(install) -r requirements/bench.txt
	@touch $@

.tools/sam/stamp: .tools/sam/bin/python requirements/sam.txt
	@echo "Installing the SAM command line into .tools/sam (once)."
	@.tools/sam/bin/python $(install) -r requirements/sam.txt
	@touch $@

# Tried by running them: a version manager's shim may be on PATH and fail.
.venv/bin/python .tools/sam/bin/python:
	@for candidate in "$(PYTHON)" python3.13 python3.12 python3.11 python3 python; do \
		[ -n "$$candidate" ] || continue; \
		"$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
			>/dev/null 2>&1 || continue; \
		folder=$$(dirname "$$(dirname "$@")"); \
		echo "Making $$folder with $$("$$candidate" --version)."; \
		"$$candidate" -m venv --clear "$$folder"; \
		exit; \
	done; \
	echo "No Python 3.11 or newer with venv was found (looked for python3.13, 3.12, 3.11, python3)." >&2; \
	echo "Install one (on Debian and Ubuntu: apt install python3 python3-venv), or name one:" >&2; \
	echo "    make setup PYTHON=/path/to/python3" >&2; \
	exit 1

.PHONY: help setup run test check format build e2e bench requirements clean
