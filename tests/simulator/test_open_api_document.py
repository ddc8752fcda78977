"""The OpenAPI documents: that of /v1 and the routes are one, and both APIs keep what their documents promise.

The same examples in every run, each on a simulator as new: what ran before, here or in this process, is not seen.
"""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from schemathesis import Config

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.bakong.fake.open_api import serve
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_schemes.bakong.wire import ENDPOINTS, PROFILES
from bakong_schemes.bakong.wire.document import document
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS

# What the real Open API does not promise: it answers refusals with status 200 too, and 405 without Allow.
OPEN = Config.from_dict(
    {
        "checks": {
            "negative_data_rejection": {"enabled": False},
            "ignored_auth": {"enabled": False},
            "unsupported_method": {"enabled": False},
        }
    }
)
# The coverage of these forms is over a thousand cases, and so a campaign's.
LARGE = [
    {"include-path": path, "phases": {"coverage": {"enabled": False}}}
    for path in ("/sandbox/worlds", "/sandbox/worlds/{world}", "/sandbox/worlds/{world}/snapshot")
]
IS_CAMPAIGN = "SCHEMATHESIS_EXAMPLES" in os.environ
# A text may be no code, a name no scenario: 422 is a right answer to what only looks right.
CONTROL = Config.from_dict(
    {
        "operations": [] if IS_CAMPAIGN else LARGE,
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "409", "422"]},
            "unsupported_method": {"enabled": False},
        },
    }
)
worlds = Worlds(lambda: NOW_MS, SCHEMES)
token = worlds.default.state(BAKONG).registrations.issue()
app = simulator_app.build(worlds)
open_api = schemathesis.openapi.from_asgi("/v1/openapi.json", app, config=OPEN)
control = schemathesis.openapi.from_asgi("/sandbox/openapi.json", app, config=CONTROL)
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "5"))
QUICK = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
STEPS = settings(QUICK, stateful_step_count=6)


def begin_again():
    """Let the worlds be as they were made: only the default one, with the one token of its seed."""
    vars(worlds).update(vars(Worlds(lambda: NOW_MS, SCHEMES)))
    assert worlds.default.state(BAKONG).registrations.issue() == token


@pytest.fixture(autouse=True)
def the_same_examples_whatever_is_loaded(monkeypatch):
    """Hypothesis draws constants of all modules that this process has loaded; here it shall draw none."""
    monkeypatch.setattr(providers, "_get_local_constants", providers.Constants)
    providers.CONSTANTS_CACHE.cache.clear()
    yield
    providers.CONSTANTS_CACHE.cache.clear()


def test_the_document_is_served_and_names_each_endpoint_with_its_aliases():
    names = {name for endpoint in ENDPOINTS for name in (endpoint.name, *endpoint.aliases)}
    assert set(document()["paths"]) == {f"/v1/{name}" for name in names}
    assert open_api.raw_schema == document()


def test_every_path_of_the_document_is_a_route_and_no_other_is():
    begin_again()
    for path in document()["paths"]:
        asked = Call(path.removeprefix("/v1/"), "POST", token, b"{}")
        assert serve(worlds.default, worlds.default.state(BAKONG), asked).status != 404, path
    assert serve(worlds.default, worlds.default.state(BAKONG), Call("nothing", "POST", token, b"{}")).status == 404


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_serves_the_twelve(profile):
    world = Worlds(lambda: NOW_MS, SCHEMES).default
    world.state(BAKONG).profile = PROFILES[profile]
    missing = {
        endpoint.name
        for endpoint in ENDPOINTS
        if serve(world, world.state(BAKONG), Call(endpoint.name, "POST", token, b"{}")).status == 404
    }
    gone = {"request_token", "verify"} if PROFILES[profile].registration == "gone" else set()
    assert missing == gone


@open_api.parametrize()
@QUICK
def test_the_open_api_keeps_its_document(case):
    begin_again()
    case.call_and_validate(headers={"authorization": f"Bearer {token}"})


@control.parametrize()
@QUICK
def test_the_control_api_keeps_its_document(case):
    begin_again()
    case.call_and_validate()


@pytest.mark.parametrize("form", ["json", "har", "replay"])
def test_each_form_of_the_journal_is_documented(form):
    journal = control["/sandbox/worlds/{world}/journal"]["GET"]
    begin_again()
    journal.Case(path_parameters={"world": "default"}, query={"format": form}).call_and_validate()


class Flow(control.as_state_machine()):
    """Calls of the control API that build on each other."""

    def setup(self):
        begin_again()


TestFlow = Flow.TestCase
TestFlow.settings = STEPS
