# Escouade. `make` alone lists what there is.
PORT ?= 8000
PYTHON := .venv/bin/python
# Bytecode is kept even where the environment says not to: the suite starts a hundred processes of the application.
export PYTHONDONTWRITEBYTECODE :=

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: ready ## load the demo network and serve it on http://127.0.0.1:8000 (PORT=… to change)
	@ESCOUADE_ENVIRONMENT=demo exec .venv/bin/escouade serve --port $(PORT)

test: ready-dev lint ## check style and types, then run the whole suite
	@$(PYTHON) -m pytest -n 2 --dist worksteal -q

test-unit: ready-dev ## test rules, facts, schemas and curricula: no database, no web framework, a few seconds
	@$(PYTHON) -m pytest -q --unit

lint: ready-dev ## ruff and mypy
	@.venv/bin/ruff check -q . && .venv/bin/ruff format -q --check . && .venv/bin/mypy --no-error-summary

bench: ready-dev ## time every page and call of the main flow on the demo data, then the render pool, the start-up and the memory
	@$(PYTHON) -m bench
	@$(PYTHON) -m bench.lists
	@$(PYTHON) -m bench.render_pool
	@$(PYTHON) -m bench.startup
	@$(PYTHON) -m bench.memory

soak: ready-dev ## take every check of access away (SOAK=… to try some), kill a hundred workers and a hundred senders of messages, stop their server, back up under load and recover, compete for the last seat, kill the database and the supervisor of serve, drill a whole installation over its faults (DRILL=… to try some), install the locks with three pips
	@$(PYTHON) -m pytest -q -s --timeout 7200 tests/access/soak_checks.py tests/access/soak_duties.py tests/certificates/soak_batches.py tests/platform/soak_jobs.py tests/notifications/soak_senders.py tests/cohorts/soak_seats.py tests/recovery/soak_recovery.py tests/cli/soak_serve.py tests/drill/soak_drill.py tests/packaging/soak_installs.py

release-check: ready-dev ## say what keeps this version from being tagged: changelog, checkout, generated documents, wheel
	@$(PYTHON) -m docs.write && $(PYTHON) -m tests.packaging.release && $(MAKE) package

package: ready-dev ## build the wheel, install it in an empty environment elsewhere and have it do its work there
	@$(PYTHON) -m pytest -q --timeout 1200 tests/packaging/prove_wheel.py

proofs: ready-dev ## have independent validators check every document and every credential (installs them apart)
	@.ci/proofs
	@$(PYTHON) -m pytest -n 2 -q --timeout 600 tests/proofs/prove_pdf.py tests/proofs/prove_badges.py tests/proofs/prove_openapi.py tests/proofs/prove_metrics.py tests/proofs/prove_deploy.py tests/proofs/prove_pooler.py

e2e: ready-dev ## drive every page and the main journeys in a real Chromium, and check their HTML (installs it apart)
	@.ci/e2e
	@.venv-e2e/bin/python -m pytest -n 2 --dist worksteal -q tests/e2e/browse_*.py

fuzz: ready-dev ## send hostile requests to the whole API as each role (installs schemathesis apart)
	@cksum requirements-fuzz.lock | cmp -s - .venv-fuzz/.ready || { $(PYTHON) -m venv --clear .venv-fuzz && \
	  . .ci/install && install_lock .venv-fuzz requirements-fuzz.lock && \
	  cksum requirements-fuzz.lock > .venv-fuzz/.ready; }
	@$(PYTHON) -m tests.fuzz.run

locks: ready-dev ## pin the dependencies again (needs uv)
	@uv pip compile -q --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	@uv pip compile -q --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra otel -o requirements-otel.lock
	@uv pip compile -q --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev -o requirements-dev.lock
	@uv pip compile -q --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header tests/fuzz/requirements.in -o requirements-fuzz.lock
	@uv pip compile -q --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header tests/proofs/requirements.in -o requirements-proofs.lock
	@uv pip compile -q --no-strip-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements-dev.lock tests/e2e/requirements.in -o requirements-e2e.lock
	@$(PYTHON) -m tests.packaging.write_requires

docs: ready-dev ## write the pages of docs/ that come from the code
	@$(PYTHON) -m docs.write

clean: ## remove what these commands made: environment, caches, embedded database
	@rm -rf build dist escouade.egg-info .venv .venv-fuzz .venv-proofs .venv-e2e tests/proofs/node_modules tests/e2e/node_modules .escouade .mypy_cache .ruff_cache .hypothesis .schemathesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

ready:
	@.ci/setup requirements.lock

ready-dev:
	@.ci/setup requirements-dev.lock

.PHONY: help run test test-unit lint bench soak release-check package fuzz proofs e2e locks docs clean ready ready-dev
