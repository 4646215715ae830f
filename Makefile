# The commands of docs/contract.md, section 1. They need Python 3.11 or later and make, nothing else,
# and write nothing outside this folder but what tests put into the system's temporary one.

PYTHON ?= python3
RUN := .venv/bin/python
FLASK := $(RUN) -m flask
PIP := $(RUN) -m pip --disable-pip-version-check -q install --no-cache-dir -c constraints.txt
ARGS ?=

# The settings read .env themselves; Flask would also take one out of the folders above.
export FLASK_SKIP_DOTENV := 1

.PHONY: run demo test check mutations soak conformance bench lock
.NOTPARALLEL:

run: .venv/ready
	@$(FLASK) db upgrade
	@$(FLASK) setup
	@exec $(FLASK) serve

demo: .venv/ready
	@$(FLASK) db upgrade
	@$(FLASK) setup
	@$(FLASK) demo
	@exec $(FLASK) serve

# On one database after the other, each in several processes, since the suite mostly waits: the more so for a server.
# The run on PostgreSQL is without what asks for no database: with 5 pytest says that ARGS left it nothing.
# ARGS go to pytest: make test ARGS="-n 0 -k phones -x"
PYTEST := $(RUN) -m pytest --dist worksteal

test: .venv/ready-dev
	@failed=""; \
	echo "== the suite on sqlite"; \
	$(PYTEST) -n 2 --database sqlite $(ARGS) || failed="$$failed sqlite"; \
	echo "== the suite on postgresql"; \
	$(PYTEST) -n 3 --database postgresql $(ARGS) || [ $$? = 5 ] || failed="$$failed postgresql"; \
	if [ -n "$$failed" ]; then echo "== failed on:$$failed"; exit 1; fi

check: .venv/ready-dev
	@echo "== ruff" && $(RUN) -m ruff check . && $(RUN) -m ruff format --check .
	@echo "== mypy" && $(RUN) -m mypy
	@if [ -n "$$(find templates -name '*.html' 2>/dev/null)" ]; then \
		echo "== djlint" && $(RUN) -m djlint --lint --quiet templates; \
	fi
	@if command -v promtool >/dev/null; then \
		echo "== promtool" && cd deploy/prometheus && promtool check config prometheus.yml && promtool test rules alerts_test.yml; \
	else echo "== promtool: left out, it is not here (on Debian: apt-get install prometheus)"; fi
	@echo "== alembic check" && folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
		export DATABASE_URL="sqlite:///$$folder/mailing.db" && $(FLASK) db upgrade && $(FLASK) db check

# Takes each guard of sending away once and looks whether the suite misses it.
mutations: .venv/ready-dev
	@echo "== mutations" && $(RUN) tests/mutations.py

# The service for minutes in changing weather: make soak ARGS="--seconds 600 --database postgresql"
soak: .venv/ready-dev
	@$(RUN) -m tests.soak $(ARGS)

# The API against its own document, on both databases, and the document against Spectral's rules; the latter needs npm.
# More of it: make conformance ARGS="--examples 1000 --seed 7 --database postgresql"
conformance: .venv/ready-dev
	@$(RUN) -m tests.conformance $(ARGS)

# Each goal beside its limit and its peer, two hours in all; a whole run keeps its table in docs/performance.md. The peers
# are left out where they are not installed (on Debian: apt-get install redis-server kannel sqlite3).
# Some of it, or a small one that is written nowhere: make bench ARGS="--only pipeline --scale 0.1 --rounds 2"
bench: .venv/ready-dev
	@$(RUN) -m benchmarks $(ARGS)

# Every version that anything here is installed with, and of what the image installs every file: after every change of a
# requirements file, and with ARGS=--upgrade once in a while. Needs uv on the path (pip install uv). Two of the packages
# are sources only; setuptools builds them.
COMPILE := uv pip compile -q --universal --python-version 3.11 --no-annotate --custom-compile-command "make lock"

lock:
	@$(COMPILE) requirements-dev.txt -o constraints.txt $(ARGS)
	@$(COMPILE) --generate-hashes requirements.txt -c constraints.txt -o requirements.lock
	@echo setuptools | $(COMPILE) --generate-hashes - -o requirements-build.lock $(ARGS)

# The stamps say which requirements the environment was made from; an interrupted install leaves none.
.venv/ready: requirements.txt constraints.txt .venv/bin/python
	@echo "installing what the service needs"
	@$(PIP) -r requirements.txt
	@touch $@

.venv/ready-dev: requirements-dev.txt .venv/ready
	@echo "installing what the tests need"
	@$(PIP) -r requirements-dev.txt
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed, $(PYTHON) is not one; name yours: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make environments: its venv is missing (on Debian: apt-get install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv
