"""What every scheme owes, the template among them: a scheme that is added to SCHEMES has to pass all of this."""

import json
import re
from itertools import takewhile
from pathlib import Path

import httpx
import pytest

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_scenarios import MEANINGS, State
from bakong_schemes._template.fake import TEMPLATE
from bakong_simulator.control import build
from bakong_simulator.journals.replay import replay
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.webhooks import Endpoint, Outcome
from bakong_simulator.kernel.worlds import Worlds, library_of
from tests.conftest import NOW_MS
from tests.schemes.stories import STORIES, by_name

ROOT = Path(__file__).parents[2]
ALL = (*SCHEMES, TEMPLATE)
LIBRARY = library_of(ALL)
DAY_S = 86_400
GRADES = ("documented", "seen", "community", "guess", "computed", "official", "as there")
WORLD = "/sandbox/worlds/default"
PLAYED = [(story, name) for story in STORIES for name in LIBRARY.names(story.scheme.name)]


@pytest.fixture
async def worlds():
    made = Worlds(lambda: NOW_MS, ALL)
    made.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    return made


@pytest.fixture
async def client(worlds):
    """A client without patience: whatever takes time on the wire is a time-out at once."""
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=Transport(worlds), timeout=0.001) as client:
        yield client


def folder_of(scheme):
    return Path(scheme.scripts).parent


async def asked(story, client, world, reference):
    """The state that a client sees, or "" where a fault of the script kept it from an answer."""
    try:
        return await story.ask(client, world, reference)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return ""


def passes(step):
    """Whether a path goes on from a step by itself: not from one that waits for the payer."""
    return not MEANINGS[step.state].lasts or step.polls is not None or step.for_ms is not None


def test_every_scheme_has_a_story_here_and_a_name_prefix_and_place_of_its_own():
    assert [story.scheme for story in STORIES] == list(ALL)
    for kind in ("name", "prefix", "base_url"):
        assert len({getattr(scheme, kind) for scheme in ALL}) == len(ALL), kind
    hosts = [host for scheme in ALL for host in scheme.hosts]
    assert len(set(hosts)) == len(hosts)


@pytest.mark.parametrize("story", STORIES, ids=by_name)
def test_a_schemes_words_are_its_own(story):
    scheme = story.scheme
    assert scheme.words.name == scheme.name
    assert set(scheme.words.checks) <= set(scheme.words.endpoints)
    assert {State.UNPAID, State.PAID, State.FAILED} <= set(scheme.words.steps)
    assert set(scheme.currencies) == set(scheme.words.currencies) >= set(scheme.default_amounts)


@pytest.mark.parametrize(("story", "script"), PLAYED, ids=by_name)
async def test_every_script_that_it_can_play_plays_to_its_end(story, script, worlds, client):
    """The money and the state at the end are the script's, whatever its faults did to the answers on the way."""
    world, scheme = worlds.default, story.scheme
    reference = await story.begin(client, world, 1)
    payment = world.payments[scheme.name, reference]
    world.set_scenario(LIBRARY.find(script, scheme.name))
    world.player.begin(payment, world.scenario)
    for _ in range(12):
        await asked(story, client, world, reference)
        await world.clock.advance(5_000)
    await world.clock.advance(40 * DAY_S * 1000)
    states = [step.state for step in takewhile(passes, world.scenario.path)]
    settled = [state for state in states if state in (State.PAID, State.FAILED)]
    if State.HIDDEN not in states:
        assert [row.failed for row in payment.settlements] == [state is State.FAILED for state in settled], script
    assert [row.returned for row in payment.settlements].count(True) == states.count(State.REFUNDED)
    assert all(world.ledger.sum(currency) == 0 for currency in world.ledger.currencies)
    if any(not row.failed for row in payment.settlements) and not payment.hidden and not payment.scenario.faults:
        assert await story.ask(client, world, reference) in ("paid", "refunded")


@pytest.mark.parametrize("story", STORIES, ids=by_name)
async def test_a_snapshot_comes_back_whole(story, worlds, client):
    world = worlds.default
    reference = await story.begin(client, world, 1)
    await client.post(f"{WORLD}/payments", json={"scheme": story.scheme.name, "reference": reference})
    second = await story.begin(client, world, 2)
    kept = (await client.get(f"{WORLD}/snapshot")).json()
    assert (await client.post(f"{WORLD}/reset")).status_code < 300
    assert (await client.put(f"{WORLD}/snapshot", json=kept)).status_code == 200
    assert (await client.get(f"{WORLD}/snapshot")).json() == kept
    assert [await story.ask(client, world, one) for one in (reference, second)] == ["paid", "unpaid"]


@pytest.mark.parametrize("story", STORIES, ids=by_name)
async def test_a_journal_replays_to_the_same_bytes(story, worlds, client):
    world = worlds.default
    for number in range(5):
        reference = await story.begin(client, world, number)
        await asked(story, client, world, reference)
        if number % 2:
            await client.post(f"{WORLD}/payments", json={"scheme": story.scheme.name, "reference": reference})
        await client.post(f"{WORLD}/clock/advance", json={"seconds": 60})
        await asked(story, client, world, reference)
    document = (await client.get(f"{WORLD}/journal", params={"format": "replay"})).json()
    replayed, _ = await replay(document, build, ALL)
    assert (replayed.calls > 0, replayed.different) == (True, [])


@pytest.mark.parametrize("story", [story for story in STORIES if story.verify], ids=by_name)
@pytest.mark.parametrize("fault", [None, "wrong_signature", "wrong_key"])
async def test_webhooks_verify_unless_a_script_spoils_them(story, fault, worlds, client):
    world, sent = worlds.default, []

    async def send(attempt, done):
        sent.append(attempt)
        done(Outcome(200))

    worlds.send = send
    world.outbox.add_endpoint(Endpoint(story.scheme.name, "http://shop.test/hooks", story.secret))
    if fault:
        world.set_scenario(LIBRARY.read(f"name: x\nscheme: {story.scheme.name}\nwebhooks: [{{fault: {fault}}}]"))
    reference = await story.begin(client, world, 1)
    await client.post(f"{WORLD}/payments", json={"scheme": story.scheme.name, "reference": reference})
    await client.post(f"{WORLD}/clock/advance", json={"seconds": 1})
    assert sent
    good = [story.verify(story.secret, attempt.headers, attempt.body) for attempt in sent]
    assert good == [fault is None] * len(sent)
    assert story.named(world, reference) in json.dumps([attempt.body.decode() for attempt in sent])


@pytest.mark.parametrize("story", STORIES, ids=by_name)
def test_its_folder_says_what_it_is_and_how_sure(story):
    page = (folder_of(story.scheme) / "README.md").read_text()
    rows = re.findall(r"^\|(.*)\|(.*)\|(.*)\|$", page, flags=re.MULTILINE)
    graded = [row for row in rows if row[2].strip() not in ("grade", "---")]
    assert graded, "a table of sources, each with its grade"
    assert [row for row in graded if not any(grade in row[2] for grade in GRADES)] == []


@pytest.mark.parametrize("story", [story for story in STORIES if story.scheme is not TEMPLATE], ids=by_name)
def test_somebody_elses_client_is_run_against_it_and_users_find_its_page(story):
    assert story.clients
    assert [path for path in story.clients if not (ROOT / path).exists()] == []
    assert story.scheme.name in (ROOT / "README.md").read_text().lower()
