.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

SEED ?= $(shell date +%s)
COMMIT ?= HEAD
PREVIOUS := tests/migrations/previous

.PHONY: help venv serve test test-ci test-long faults faults-short judges test-pages smoke-pages lighthouse pictures fuzz schemathesis bench bench-profile bench-access bench-import bench-history bench-start bench-facets growth worst-bodies attack check openapi-check format twins previous old-contract upgrades test-lowest dist lock clean bench-opds bench-pages

help: ## List the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

venv: .venv/installed ## Make .venv from requirements.lock

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

serve: venv ## Migrate, load the sample catalogue, and serve it with Flask and with Sanic until Ctrl-C
	@$(BIN)/diptych serve

test: venv ## Run the tests, on SQLite and on PostgreSQL (CONTRACT_URL=http://... for a running one, CONTRACT_URL_B=... to compare it with)
ifdef CONTRACT_URL_B
	$(if $(CONTRACT_URL),,$(error CONTRACT_URL_B is compared with CONTRACT_URL: set both))
	CONTRACT_URL=$(CONTRACT_URL) CONTRACT_URL_B=$(CONTRACT_URL_B) CONTRACT_WRITES=$(CONTRACT_WRITES) \
		CONTRACT_ALLOW_HEADERS='$(CONTRACT_ALLOW_HEADERS)' $(BIN)/python -m pytest --tb=line -rN tests/wire/test_two_deployments.py
else ifdef CONTRACT_URL
	CONTRACT_URL=$(CONTRACT_URL) $(BIN)/python -m pytest tests/contract
else
	$(BIN)/python -m pytest -m "not (long or unsampled or fault or judge)" --numprocesses 3 --no-loadscope-reorder
endif

test-ci: venv ## Run what `.ci/run` does: besides, one case of each long test
	$(BIN)/python -m pytest -m "not (unsampled or fault or judge)" --numprocesses 3 --no-loadscope-reorder

test-long: venv ## Run what `make test` leaves out: starting and stopping, adoption, the previous release, all cases on all deployments, and the lowest versions
	$(BIN)/python -m pytest -m "(long or unsampled) and not (fault or judge)" --numprocesses 3 --no-loadscope-reorder
	$(BIN)/python -m tools.lowest

faults: venv ## Break real databases and servers, count what is lost, and write the figures into docs
	timeout --signal=INT --kill-after=30 1800 $(BIN)/python -m pytest tests/faults --figures=docs

faults-short: venv ## Run a few of the faults, those that take seconds
	timeout --signal=INT --kill-after=30 900 $(BIN)/python -m pytest tests/faults -m "fault and not slow"

judges: venv ## Have other programs read what is written in each format (needs pandoc, bibutils, yaz and libxml2-utils)
	$(BIN)/python -m pytest tests/judges

test-pages: venv ## Look at the pages of both adapters in Chromium, with axe (needs npm and Debian's chromium)
	cd tools/pages && npm ci --ignore-scripts
	$(BIN)/python -m pytest tests/pages

smoke-pages: venv ## Look at six pages of one adapter in Chromium, with axe: what `.ci/run` does (needs npm and Debian's chromium)
	cd tools/pages && npm ci --ignore-scripts
	$(BIN)/python -m pytest tests/pages/test_smoke.py

pictures: venv ## Take the pictures of docs/pages.md (needs npm and Debian's chromium and fonts-noto-cjk)
	cd tools/pages && npm ci --ignore-scripts
	$(BIN)/python -m tools.pictures

lighthouse: venv ## Measure the pages with Lighthouse, and write the scores into docs/pages.md (needs npm and Debian's chromium)
	cd tools/lighthouse && npm ci --ignore-scripts
	$(BIN)/python -m benchmarks.lighthouse

growth: venv ## Compare the cost of requests with 10,000 books and with a million, and write it into docs/performance.md
	$(BIN)/python -m benchmarks.growth

bench-pages: venv ## Compare pages with the same in JSON, and write it into docs/performance.md
	$(BIN)/python -m benchmarks.pages

bench-facets: venv ## Measure facets and their counts with a million books, and write it into docs/performance.md
	$(BIN)/python -m benchmarks.facets

bench-opds: venv ## Measure feeds for e-readers with a million books, and write it into docs/performance.md
	$(BIN)/python -m benchmarks.feeds

attack: venv ## Attack both adapters (starvation, slow clients, bodies, changed bytes, smuggling), and write the figures into docs/reliability.md
	$(BIN)/python -m benchmarks.attack
	$(BIN)/python -m benchmarks.attack.uploads

worst-bodies: venv ## Search for the request bodies that cost the most, and write what they cost into docs/reliability.md
	$(BIN)/python -m benchmarks.worst_bodies

bench-access: venv ## Measure what tokens cost, and what a flood of sign-ins costs others, and write it into docs/performance.md
	$(BIN)/python -m benchmarks.access

bench-import: venv ## Compare `diptych import` with COPY of the same rows, and write it into docs/performance.md
	$(BIN)/python -m benchmarks.import_formats
	$(BIN)/python -m benchmarks.import_memory
	$(BIN)/python -m benchmarks.import_jobs
	$(BIN)/python -m benchmarks.importing

bench-history: venv ## Compare imports and requests with and without the history of changes, and write it into docs/performance.md
	$(BIN)/python -m benchmarks.history

bench-start: venv ## Measure the adapters' start and whether their memory stays level, and write it into docs/performance.md
	$(BIN)/python -m benchmarks.memory

fuzz: venv ## Send 2,000 sequences of requests to both adapters on both databases, and compare (SEED=... repeats a run, AS=reader sends it as one)
	@echo "make fuzz SEED=$(SEED) repeats this run."
	FUZZ_AS=$(AS) $(BIN)/python -m pytest tests/fuzz --capture=no --hypothesis-profile=fuzz --hypothesis-seed=$(SEED)

schemathesis: venv ## Test both adapters on both databases against their own OpenAPI document (SEED=... repeats a run, AS=administrator sends it as one)
	@echo "make schemathesis SEED=$(SEED) repeats this run."
	$(BIN)/python -m tests.schemathesis.run --seed $(SEED) $(if $(AS),--as $(AS))

bench: venv .venv-bench/installed ## Compare both adapters with other services: half an hour (BENCH=quick: eight minutes)
	$(BIN)/python -m benchmarks

bench-profile: venv .venv-bench/installed ## Profile a worker and its floor, and write the figures into docs/performance.md
	$(BIN)/python -m benchmarks.profiling

.venv-bench/installed: benchmarks/requirements.lock
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benchmarks/requirements.lock
	@touch $@

check: venv ## Lint, check types and import rules, and whether the twins are up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/unasync.py --check
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy

openapi-check: venv ## Lint the OpenAPI document with Spectral and Redocly (needs npm)
	cd tools/openapi && npm ci --ignore-scripts
	mkdir -p var && $(BIN)/diptych openapi > var/openapi.json
	cd tools/openapi && node_modules/.bin/spectral lint --fail-severity=hint ../../var/openapi.json
	cd tools/openapi && REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true node_modules/.bin/redocly lint ../../var/openapi.json

format: venv ## Format the code and fix simple findings
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .

twins: venv ## Write core/sync from core/aio
	$(BIN)/python tools/unasync.py

previous: ## Keep the code of COMMIT (HEAD), which a new revision of the schema must not break
	rm -f $(PREVIOUS)/*.zip
	revision=$$(git ls-tree --name-only $(COMMIT) migrations/versions/ | sed -n 's|.*/\([0-9]*\)_.*|\1|p' | sort | tail -n 1) && \
		git archive --format=zip -9 --output $(PREVIOUS)/$$revision.zip $(COMMIT) \
			$$(git ls-tree --name-only $(COMMIT) core flask_app sanic_app migrations diptych)

old-contract: venv ## Run the contract tests of earlier commits, or of COMMIT, against new servers of today, and compare with the list of differences
	$(BIN)/python -m tools.old_contract $(if $(filter-out file,$(origin COMMIT)),--commit $(COMMIT))

upgrades: venv ## Say which newer releases of gunicorn, Sanic, SQLAlchemy and others are safe (SELECT='tests/contract -k books' runs fewer tests)
	$(BIN)/python tools/upgrades.py $(if $(SELECT),--select '$(SELECT)')

test-lowest: venv ## Run the contract with the lowest versions that pyproject.toml permits (SELECT='tests/contract -k books' runs fewer tests)
	$(BIN)/python -m tools.lowest $(if $(SELECT),--select '$(SELECT)')

dist: venv ## Build the wheel and the source distribution into dist/, install the wheel with each extra, and try its commands
	$(BIN)/python tools/dist.py

lock: venv ## Update the lock files
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --upgrade --no-header --python-version 3.11 --all-extras --group dev -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --upgrade --no-header --python-version 3.11 --all-extras --group build -c requirements.lock -o docs/deploy/requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --upgrade --no-header --python-version 3.11 -c requirements.lock -o benchmarks/requirements.lock benchmarks/requirements.in

clean: ## Remove the environments and the tools' caches
	rm -rf .venv .venv-bench .venv-lowest .venv-upgrades dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
