# Every target works as the first command on a fresh checkout. `make` alone lists them.
# Options come from the environment: `PORT=9002 make run-session`, `PYTHON=python3.13 make test`.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin

# What only some memcached or none serves needs none of ours.
PRIVATE_MEMCACHED = $(if $(MEMCACHED)$(filter memory,$(STORE)),,memcached)

# What a campaign runs on is memcached, or STORE=redis.
ON = $(if $(STORE),--store=$(STORE))
ITS_SERVER = $(if $(filter redis,$(STORE)),redis-server,memcached)

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.compare  ## the side-by-side demo at http://localhost:8000
	@.ci/need memcached
	@$(BIN)/python -m compare.demo $(if $(PORT),--port=$(PORT))

demo-record: $(VENV)/.compare  ## the demo's tour as one page without a server, recorded now: build/demo/tour.html
	@.ci/need memcached
	@$(BIN)/python -m compare.demo --record=$(or $(FILE),build/demo/tour.html)

demo-pictures: $(VENV)/.dev  ## the README's pictures of the demo, taken anew (a minute)
	@.ci/need memcached chromium
	@$(BIN)/python tests/demo_pictures.py $(or $(FOLDER),compare/demo/screenshots)

run: $(VENV)/.run  ## the recommended placement at http://localhost:8003
	@.ci/need $(PRIVATE_MEMCACHED)
	@$(BIN)/python -m server.recommended_app --dev

run-cookie: $(VENV)/.run  ## the signed-cookie application at http://localhost:8001
	@$(BIN)/python -m server.cookie_app --dev

run-session: $(VENV)/.run  ## the server-session application at http://localhost:8002
	@.ci/need $(PRIVATE_MEMCACHED)
	@$(BIN)/python -m server.session_app --dev

compare: $(VENV)/.compare  ## try both applications, and derive what belongs where (2 minutes); ONLY=replay
	@.ci/need memcached wrk
	@$(BIN)/python -m compare $(if $(ONLY),--only=$(ONLY))

check: $(VENV)/.compare  ## try your application: FILE=my-app.toml; without FILE, print one to start from
	@$(BIN)/python -m compare check $(or $(FILE),--example)

compare-peers: $(VENV)/.compare  ## the session layers people use, tried by the same experiments (5 minutes)
	@.ci/need memcached redis-server npm
	@$(BIN)/python -m compare peers $(if $(ONLY),--only=$(ONLY))

bench: $(VENV)/.compare  ## the session layer beside its peers under load (13 minutes); QUICK=1 GROWTH=1 ROUNDS=3 ONLY=ours_redis
	@.ci/need memcached redis-server npm wrk
	@$(BIN)/python -m compare.bench $(if $(ONLY),--only=$(ONLY)) $(if $(ROUNDS),--rounds=$(ROUNDS)) $(if $(QUICK),--quick) $(if $(GROWTH),--growth) $(if $(KEEP),--keep)

# What starts hundreds of processes compiles a module once, not in each of them.
test test-library: export PYTHONDONTWRITEBYTECODE =

test: $(VENV)/.dev  ## the whole test suite; COVERAGE=1: every branch of server/tornado_state must be covered
	@.ci/need memcached redis-server chromium wrk postgresql
	$(BIN)/python -m pytest --numprocesses=6 $(if $(COVERAGE),--cov --cov-report=)
	$(if $(COVERAGE),$(BIN)/coverage report --show-missing --skip-covered --fail-under=100)

test-library:  ## the library's own tests, on every Python here that .venv is not of
	@.ci/library-tests

dist: $(VENV)/.dev  ## wheel and sdist of the library, checked and tried in empty environments: build/dist
	@.ci/dist $(BIN)/python

docs: $(VENV)/.dev  ## the library's guide and reference: build/docs/index.html; a warning is an error
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -b html server/tornado_state/docs build/docs

campaign-races: $(VENV)/.dev  ## sign-out, freezes and increments raced in full numbers (3 minutes); STORE=redis
	@.ci/need $(ITS_SERVER)
	$(BIN)/python tests/campaign_races.py $(ON)

campaign-races-weak: $(VENV)/.dev  ## the same on a store that uses plain set: must lose; STORE=redis
	@.ci/need $(ITS_SERVER)
	$(BIN)/python tests/campaign_races.py --weak $(ON)

campaign-outage: $(VENV)/.dev  ## what visitors notice while the store is frozen or killed (2 minutes); STORE=redis
	@.ci/need $(ITS_SERVER)
	$(BIN)/python tests/campaign_outage.py $(ON)

campaign-attack: $(VENV)/.dev  ## what those who are signed in notice of attacks (4 minutes); ONLY=carts-from-everywhere
	@.ci/need memcached wrk
	$(BIN)/python tests/campaign_attack.py $(ONLY)

campaign-footprint: $(VENV)/.dev  ## what a million sessions weigh, what a dump gives away (4 minutes)
	@.ci/need memcached
	$(BIN)/python tests/campaign_footprint.py

campaign-predecessors: $(VENV)/.dev  ## users of the real pycket and express-session brought over (1 minute)
	@.ci/need memcached redis-server npm
	$(BIN)/python tests/campaign_predecessors.py

campaign-releases: $(VENV)/.dev  ## two releases and two secrets rolled back and forth under load (1 minute); STORE=redis
	@.ci/need $(ITS_SERVER)
	$(BIN)/python tests/campaign_releases.py $(ON)

campaign-sockets: $(VENV)/.dev  ## 1,000 open sockets whose sessions end in another process (1 minute); STORE=redis
	@.ci/need $(ITS_SERVER)
	$(BIN)/python tests/campaign_sockets.py $(ON)

campaign-model: $(VENV)/.dev  ## state against its models: thousands of programs of requests (5 minutes)
	MODEL_EXAMPLES=$(or $(EXAMPLES),5000) $(BIN)/python -m pytest $(wildcard tests/library/test_*_model.py) tests/library/test_whose_state.py

campaign-crowd: $(VENV)/.dev  ## good answers to crowds of up to 16 times what saturates it (5 minutes)
	@.ci/need memcached wrk
	$(BIN)/python tests/campaign_crowd.py

campaign-cost: $(VENV)/.dev  ## processor time of a session per request, with and without batching
	@.ci/need memcached wrk
	$(BIN)/python tests/campaign_cost.py

campaign-items: $(VENV)/.dev  ## the same item by item, from a bare answer to a written session (5 minutes)
	@.ci/need memcached redis-server wrk
	$(BIN)/python tests/campaign_items.py

campaign-real-applications: $(VENV)/.dev  ## real applications installed, started and checked (15 minutes); ONLY=wordpress
	@.ci/need npm
	$(BIN)/python tests/campaign_real_applications.py $(ONLY)

campaign-firefox: $(VENV)/.dev  ## the demo's tour and every attack in Firefox (a minute)
	@.ci/need memcached firefox-esr
	PYTHONPATH=tests $(BIN)/python tests/campaign_firefox.py

check-alone: $(VENV)/.compare  ## build session-check, and use it where nothing else of this is installed
	@.ci/checker-alone

lint: $(VENV)/.dev  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:  ## remove all that was made: .venv, .venvs, caches, .run with its secrets and accounts
	rm -rf .venv .venvs .run build server/tornado_state/build *.egg-info .coverage* .*_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Looked at each time: another Python may be asked for than the one that made it.
$(VENV)/.python: FORCE
	@.ci/venv $(VENV)

$(VENV)/.run: pyproject.toml server/tornado_state/pyproject.toml $(VENV)/.python
	@echo "installing what the applications need into $(VENV) ..."
	@$(BIN)/pip install -qq --disable-pip-version-check --editable ./server/tornado_state --editable .
	@touch $@

$(VENV)/.compare: pyproject.toml server/tornado_state/pyproject.toml $(VENV)/.python
	@echo "installing what the comparison needs into $(VENV) ..." >&2
	@$(BIN)/pip install -qq --disable-pip-version-check --editable ./server/tornado_state --editable '.[compare]'
	@touch $(VENV)/.run $@

$(VENV)/.library: pyproject.toml server/tornado_state/pyproject.toml $(VENV)/.python
	@echo "installing what the library's tests need into $(VENV) ..." >&2
	@$(BIN)/pip install -qq --disable-pip-version-check --editable ./server/tornado_state --editable '.[library]'
	@touch $@

$(VENV)/.dev: pyproject.toml server/tornado_state/pyproject.toml $(VENV)/.python
	@echo "installing what development needs into $(VENV) ..." >&2
	@$(BIN)/pip install -qq --disable-pip-version-check --editable ./server/tornado_state --editable '.[dev]'
	@touch $(VENV)/.run $(VENV)/.compare $@

FORCE:

.PHONY: help demo demo-record demo-pictures run run-cookie run-session compare check compare-peers bench test test-library dist docs campaign-attack campaign-races campaign-races-weak campaign-outage campaign-footprint campaign-items campaign-predecessors campaign-releases campaign-sockets campaign-model campaign-cost campaign-crowd campaign-real-applications campaign-firefox check-alone lint clean
