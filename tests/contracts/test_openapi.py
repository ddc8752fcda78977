"""The committed OpenAPI documents: fresh, valid, with examples that fit; and both servers keep them."""

import json
import os
import threading
from contextlib import contextmanager
from typing import ClassVar

import httpx
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing.exceptions import PointerToNowhere
from schemathesis import Config

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_service import app as service_app
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.worlds import Worlds
from scripts.openapi import FOLDER, documents, text_of
from tests.conftest import NOW_MS
from tests.mutants.serving import Loop
from tests.service.house import open_house

NAMES = ("open-api.json", "service.json")
EVERY = (*NAMES, "control-api.json")
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3"))
QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
# The real Open API answers refusals with status 200 too, and 405 without Allow. The service's guard blocks an address
# that shows wrong keys, and what fits the document may still be refused for the state that it meets.
OFF = {"enabled": False}
LOOSE = {"ignored_auth": OFF, "unsupported_method": OFF, "negative_data_rejection": OFF}
FITS = {"expected-statuses": ["2xx", "400", "403", "404", "409", "422"]}
FITS_OR_UNSIGNED = {"expected-statuses": [*FITS["expected-statuses"], "401"]}

# What fits the document and is not signed is refused for that.
SIGNED = {"include-path": "/api/payments/webhook", "checks": {"positive_data_acceptance": FITS_OR_UNSIGNED}}


def loaded(name, checks):
    config = {"checks": LOOSE | checks, "operations": [SIGNED] if name == "service.json" else []}
    return schemathesis.openapi.from_path(FOLDER / name, config=Config.from_dict(config))


open_api = loaded("open-api.json", {})
service = loaded("service.json", {"positive_data_acceptance": FITS})
worlds = Worlds(lambda: NOW_MS, SCHEMES)
open_api.app = simulator_app.build(worlds)
token = worlds.default.state(BAKONG).registrations.issue()


def committed(name):
    return json.loads((FOLDER / name).read_text())


@pytest.mark.parametrize("name", EVERY)
def test_a_committed_document_is_fresh(name):
    assert (FOLDER / name).read_text() == text_of(documents()[name]), "make openapi"


async def test_the_service_serves_the_committed_document(tmp_path):
    async with open_house(tmp_path) as house:
        assert (await house.client.get("/openapi.json")).json() == committed("service.json")


@pytest.mark.parametrize("schema", [open_api, service], ids=NAMES)
def test_a_committed_document_is_valid_openapi(schema):
    assert schema.raw_schema["openapi"].startswith("3.1")
    schema.validate()


async def test_the_simulator_serves_the_committed_document():
    transport = httpx.ASGITransport(open_api.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/sandbox/openapi.json")).json() == committed("control-api.json")


@pytest.mark.parametrize("name", EVERY)
def test_every_document_is_valid_to_a_validator_that_is_not_ours(name):
    try:
        complaints = [
            f"{row.json_path}: {row.message[:200]}" for row in OpenAPIV31SpecValidator(committed(name)).iter_errors()
        ]
    except PointerToNowhere as dangling:
        complaints = [f"a reference to {dangling.ref}, which is nowhere"]
    assert complaints == []


def contents(document):
    """Every JSON body of the document with its name: what is sent, and what comes back."""
    for path, operations in document["paths"].items():
        for operation in operations.values():
            bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
            for name, body in bodies.items():
                for media, content in body.get("content", {}).items():
                    if "json" in media and "operations" not in operation.get("tags", ()):
                        yield f"{path} {name}", content


@pytest.mark.parametrize("name", NAMES)
def test_every_body_has_an_example_that_fits_its_schema(name):
    document = committed(name)
    for where, content in contents(document):
        shown = [example["value"] for example in content.get("examples", {}).values()] or [content.get("example")]
        if where.endswith(" 413"):
            continue
        assert None not in shown, where
        schema = content.get("schema", {}) | {"components": document.get("components", {})}
        for example in shown:
            jsonschema_rs.validate(schema, example)


@open_api.parametrize()
@QUICK
def test_the_simulator_keeps_the_committed_document(case):
    case.call_and_validate(headers={"authorization": f"Bearer {token}"})


class NoPost:
    """In the place of HttpPost: whoever may be at a URL that is made up is not called."""

    urls: ClassVar[list[str]] = []

    async def __call__(self, url, _body, _headers, /):
        self.urls.append(url)
        return "blocked"

    async def close(self):
        pass


@contextmanager
def running_sandbox(folder):
    """A sandbox on ports, in a thread of its own; its webhooks are kept, and nobody is called."""
    loop, patch = Loop(), pytest.MonkeyPatch()
    patch.setattr(service_app, "HttpPost", lambda **_: NoPost())
    running = run(Options(data_dir=folder, port=0, service_port=0, rate_limit_per_minute=0))
    yield loop.call(running.__aenter__())
    loop.call(running.__aexit__(None, None, None))
    loop.close()
    patch.undo()


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def stack_alone(tmp_path):
    with running_sandbox(tmp_path / "alone") as running:
        yield running


def test_no_webhook_of_what_is_made_up_leaves_this_machine(stack_alone):
    """The worker tries what is made up here, at URLs that are anybody's; and goes on."""
    headers = {"authorization": f"Bearer {stack_alone.api_key}"}
    urls = ["https://shop.example/first", "https://shop.example/second"]
    with httpx.Client(base_url=f"{stack_alone.service_url}/api/webhooks", headers=headers, trust_env=False) as client:
        for url in urls:
            client.post("/test", json={"callback": url}).raise_for_status()
            for _ in range(600):
                if url in NoPost.urls:
                    break
                threading.Event().wait(0.1)
    assert [url for url in NoPost.urls if url in urls] == urls


# To wait for a payment takes as long as the body says; and drawn secrets are wrong ones, which shut the address out:
# tests/service/test_users.py and test_oauth2.py send such bodies.
@service.exclude(operation_id=["monitor", "login", "refresh", "client_token"]).parametrize()
@QUICK
def test_the_service_keeps_the_committed_document(stack, case):
    case.call_and_validate(base_url=stack.service_url, headers={"authorization": f"Bearer {stack.api_key}"})
