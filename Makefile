# Every target works as the first command on a fresh checkout. `make` alone lists them.
# Options come from the environment: `PORT=9002 make run-session`.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin

# What only some memcached or none serves needs none of ours.
PRIVATE_MEMCACHED = $(if $(MEMCACHED)$(filter memory,$(STORE)),,memcached)

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.compare  ## the side-by-side demo at http://localhost:8000
	@.ci/need memcached
	@$(BIN)/python -m compare.demo $(if $(PORT),--port=$(PORT))

run: .venv/.run  ## the recommended placement at http://localhost:8003
	@.ci/need $(PRIVATE_MEMCACHED)
	@$(BIN)/python -m server.recommended_app --dev

run-cookie: .venv/.run  ## the signed-cookie application at http://localhost:8001
	@$(BIN)/python -m server.cookie_app --dev

run-session: .venv/.run  ## the server-session application at http://localhost:8002
	@.ci/need $(PRIVATE_MEMCACHED)
	@$(BIN)/python -m server.session_app --dev

compare: .venv/.compare  ## try both applications, and derive what belongs where (2 minutes); ONLY=replay
	@.ci/need memcached wrk
	@$(BIN)/python -m compare $(if $(ONLY),--only=$(ONLY))

check: .venv/.compare  ## try your application: FILE=my-app.toml; without FILE, print one to start from
	@$(BIN)/python -m compare check $(or $(FILE),--example)

compare-peers: .venv/.compare  ## the session layers people use, tried by the same experiments (5 minutes)
	@.ci/need memcached redis-server npm
	@$(BIN)/python -m compare peers $(if $(ONLY),--only=$(ONLY))

test: .venv/.dev  ## the whole test suite; every branch of server/tornado_state must be covered
	@.ci/need memcached redis-server chromium wrk
	$(BIN)/python -m pytest --numprocesses=3 --cov --cov-report=
	$(BIN)/coverage report --include='server/tornado_state/*' --show-missing --fail-under=100

campaign-races: .venv/.dev  ## sign-out, freezes and increments raced in full numbers (3 minutes)
	@.ci/need memcached
	$(BIN)/python tests/campaign_races.py

campaign-races-weak: .venv/.dev  ## the same on a store that uses plain set: must lose
	@.ci/need memcached
	$(BIN)/python tests/campaign_races.py --weak

campaign-outage: .venv/.dev  ## what visitors notice while memcached is frozen or killed (2 minutes)
	@.ci/need memcached
	$(BIN)/python tests/campaign_outage.py

campaign-footprint: .venv/.dev  ## what a million sessions weigh, what a dump gives away (4 minutes)
	@.ci/need memcached
	$(BIN)/python tests/campaign_footprint.py

campaign-cost: .venv/.dev  ## processor time of a session per request, with and without batching
	@.ci/need memcached wrk
	$(BIN)/python tests/campaign_cost.py

lint: .venv/.dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:  ## remove all that was made: .venv, caches, .run with its secrets and accounts
	rm -rf .venv .run build *.egg-info .coverage* .*_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@.ci/need python
	@"$$(.ci/python)" -m venv .venv

.venv/.run: pyproject.toml server/tornado_state/pyproject.toml | .venv/bin/python
	@echo "installing what the applications need into .venv ..."
	@$(BIN)/pip install -qq --disable-pip-version-check --editable ./server/tornado_state --editable .
	@touch $@

.venv/.compare: pyproject.toml server/tornado_state/pyproject.toml | .venv/bin/python
	@echo "installing what the comparison needs into .venv ..." >&2
	@$(BIN)/pip install -qq --disable-pip-version-check --editable ./server/tornado_state --editable '.[compare]'
	@touch .venv/.run $@

.venv/.dev: pyproject.toml server/tornado_state/pyproject.toml | .venv/bin/python
	@echo "installing what development needs into .venv ..." >&2
	@$(BIN)/pip install -qq --disable-pip-version-check --editable ./server/tornado_state --editable '.[dev]'
	@touch .venv/.run .venv/.compare $@

.PHONY: help demo run run-cookie run-session compare check compare-peers test campaign-races campaign-races-weak campaign-outage campaign-footprint campaign-cost lint clean
