# make up: the sandbox. make test: the proof. Nothing else to install by hand.
VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest

.PHONY: khqr-differential khqr-fuzz khqr-fuzz-guided khqr-images khqr-mutants khqr-bench up demo load load-limiters load-machines test test-quick coverage lint clean

up: $(VENV)/.installed
	@$(BIN)/bakong-sandbox up

demo: $(VENV)/.installed
	@$(BIN)/bakong-sandbox demo

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

test: $(VENV)/.installed-test
	$(PYTEST) -n auto

# An answer in under a minute for the room that one works in: make test-quick ROOM=simulator
ROOM ?=
test-quick: $(VENV)/.installed-test
	$(PYTEST) -n auto -x $(if $(ROOM),tests/$(ROOM),tests/khqr tests/contracts tests/scenarios tests/simulator tests/service)

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

.PHONY: test-kill benchmark-service
# kill -9 at 200 steps between an order and its last webhook, on each database; KILL_PART=1/4 is a quarter of them.
test-kill: $(VENV)/.installed-test
	KILL_POINTS=200 $(PYTEST) -n 0 -s tests/service/test_kill.py

benchmark-service: $(VENV)/.installed-test
	$(BIN)/python -m benchmarks.service

# Which rule catches which seeded bug: writes docs/verify-catches.md.
mutants: $(VENV)/.installed-test
	PYTHONPATH=. $(BIN)/python -m tests.mutants.measure

# False alarms: twenty runs with different seeds on our service, and twenty on the Node example. About half an hour.
verify-seeds: $(VENV)/.installed-test
	PYTHONPATH=. $(BIN)/python -m tests.mutants.seeds docs/examples/service/ours.yaml 1 20
	PYTHONPATH=. $(BIN)/python -m tests.mutants.seeds docs/examples/node/verify.yaml 1 20

.PHONY: mutants verify-seeds
# The simulator's long runs: both APIs against their documents, malformed requests, and speed (needs wrk).
campaign-simulator: $(VENV)/.installed-test
	SCHEMATHESIS_EXAMPLES=300 $(PYTEST) -n 2 --timeout 3600 tests/simulator/test_open_api_document.py
	MALFORMED=200000 $(PYTEST) -n 0 --timeout 3600 tests/simulator/test_malformed.py

bench-simulator: $(VENV)/.installed-test
	PYTHONPATH=. $(BIN)/python -P benchmarks/simulator.py
.PHONY: campaign-simulator bench-simulator

# contracts/openapi, made anew from the tables and the routes.
openapi: $(VENV)/.installed-test
	$(BIN)/python scripts/openapi.py

# Simulator and service against contracts/openapi, and the masks of cassettes, with many more cases: some minutes.
campaign-contracts: $(VENV)/.installed-test
	SCHEMATHESIS_EXAMPLES=300 $(PYTEST) -n 2 --timeout 3600 tests/contracts/test_openapi.py
	CASSETTE_EXAMPLES=2000 $(PYTEST) -n 0 --timeout 3600 tests/contracts/test_cassettes.py
.PHONY: openapi campaign-contracts


# The folder of a new payment scheme, from schemes/bakong_schemes/_template; its README says what to fill in.
scheme: $(VENV)/.installed-test
	@$(BIN)/python scripts/new_scheme.py '$(NAME)'
.PHONY: scheme

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
