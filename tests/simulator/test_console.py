"""The console over HTTP, in process: where it is and where not, its headers, and that it costs nothing unopened."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import orjson
import pytest

from bakong_simulator import app as simulator_app
from bakong_simulator.console import exports, payments, texts
from bakong_simulator.console.pages import PAGES
from bakong_simulator.console.texts import KHMER
from bakong_simulator.control.access import Access
from bakong_simulator.control.door import PATH, Door
from bakong_simulator.journals import har

UNOPENED = """
import sys
from bakong_sandbox.stack.sandbox import run
from bakong_simulator.app import build
loaded = [name for name in ("jinja2", "bakong_simulator.console.app", "markupsafe") if name in sys.modules]
sys.exit(f"imported before a page was opened: {loaded}" if loaded else 0)
"""


@pytest.fixture
async def guarded(worlds):
    """A client of a simulator that looks at hosts and origins."""
    transport = httpx.ASGITransport(simulator_app.build(worlds, Access()))
    async with httpx.AsyncClient(base_url="http://127.0.0.1:8600", transport=transport) as client:
        yield client


async def test_the_root_leads_to_the_console_at_the_sandboxs_own_hosts_alone(guarded, world):
    for host in ("127.0.0.1:8600", "localhost", "[::1]:8600"):
        answer = await guarded.get("/", headers={"host": host})
        assert (answer.status_code, answer.headers["location"]) == (307, "/console/default/start")
    for host in ("api-bakong.nbc.gov.kh", "sit-api-bakong.nbc.gov.kh", "default.localhost", "evil.example"):
        for path in ("/", "/console", "/console/default/start", "/favicon.ico"):
            answer = await guarded.get(path, headers={"host": host})
            assert (answer.status_code, answer.json()["responseCode"]) == (404, 1), (host, path)
    assert world.journal.total == 16


async def test_what_the_api_is_asked_at_the_root_stays_the_apis(guarded):
    assert (await guarded.post("/")).json()["responseCode"] == 1


async def test_an_icon_is_no_call(guarded, world):
    answer = await guarded.get("/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert world.journal.total == 0


@pytest.mark.parametrize("name", PAGES)
async def test_every_page_keeps_to_itself(guarded, name):
    answer = await guarded.get(f"/console/default/{name}")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert (answer.status_code, policy["default-src"], policy["script-src"]) == (200, "'none'", "'self'")
    assert not re.search(r"""(?:src|href|action)=["'](?!/|#|\?)""", answer.text.replace("http://127.0.0.1", "/"))
    assert " style=" not in answer.text
    assert "onclick" not in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize("name", PAGES)
async def test_every_live_part_is_made_alone(guarded, name):
    live = r'id="([a-z]+)"[^>]*data-live|data-live="[a-z]+"[^>]*id="([a-z]+)"'
    whole = (await guarded.get(f"/console/default/{name}")).text
    parts = {part for found in re.findall(live, whole) for part in found if part}
    assert "chip" in parts
    for part in parts:
        alone = await guarded.get(f"/console/default/{name}", params={"part": part})
        assert (alone.status_code, f'id="{part}"' in alone.text, "<html" in alone.text) == (200, True, False), part


@pytest.mark.parametrize("part", ["health", "rows", "seen"])
async def test_a_part_that_cannot_be_read_just_now_is_empty_and_the_page_keeps_the_one_it_has(guarded, part):
    alone = await guarded.get("/console/default/service", params={"show": "webhooks", "id": "msg_1", "part": part})
    assert (alone.status_code, alone.text.strip()) == (200, "")


async def test_what_is_not_there_says_so(guarded):
    for path in ("default/nothing", "nowhere/start", "-/static/x/../app.py", "-/static/x/nothing.js"):
        assert (await guarded.get(f"/console/{path}")).status_code == 404
    assert (await guarded.get("/console/default/start", params={"part": "nothing"})).status_code == 404


async def test_a_reader_chooses_language_and_theme(guarded):
    chosen = await guarded.get("/console/default/start?lang=km&x=1")
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/console/default/start?x=1")
    await guarded.get("/console/default/start?theme=dark")
    shown = (await guarded.get("/console/default/start")).text
    assert '<html lang="km" data-theme="dark">' in shown
    assert KHMER["Start"] in shown


async def test_the_readers_own_language_is_the_first_choice(guarded):
    shown = await guarded.get("/console/default/start", headers={"accept-language": "km-KH,km;q=0.9,en;q=0.8"})
    assert '<html lang="km">' in shown.text


async def test_the_apis_pages_need_nothing_from_elsewhere(guarded):
    answer = await guarded.get("/sandbox/docs")
    assert (answer.status_code, "src=" in answer.text, "/journal/stream" in answer.text) == (200, False, True)
    assert "http" not in answer.text.replace("https://github.com", "").partition("<main>")[0]


def test_nothing_of_the_console_is_loaded_before_a_page_is_opened():
    done = subprocess.run([sys.executable, "-c", UNOPENED], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


SAID = re.compile(r"""\b_\(\s*(?:"([^"]+)"|'([^']+)')|set title = "([^"]+)"|\.t\(\s*"([^"]+)\"""")


def test_every_text_of_the_console_is_in_the_table():
    folder = Path(texts.__file__).parent
    files = [*folder.glob("templates/*.html"), *folder.glob("*.py")]
    said = {
        text for file in files for found in SAID.findall(file.read_text(encoding="utf-8")) for text in found if text
    }
    said |= {kind.title for kind in PAGES.values()} | set(payments.COLUMNS) | set(texts.SPOKEN)
    assert said - KHMER.keys() == set()
    assert len(said) > 200


def test_every_text_keeps_its_places():
    for english, khmer in KHMER.items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", khmer)), english


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("part", ["title", "scripts", "main", "../x", "__init__", "\x00"])
async def test_a_part_that_a_page_has_not_is_said_to_be_missing(hand, name, part):
    answer = await hand.get(f"http://127.0.0.1:8600/console/default/{name}", params={"part": part})
    assert answer.status_code == 404


async def test_a_call_can_be_kept_as_a_command_a_test_and_a_scenario(api, hand, world, code):
    await hand.post("/qr", json={"qr": code.qr, "scenario": "storm-503"})
    for _ in range(3):
        await api.post("/check_transaction_by_md5", json={"md5": code.md5})
    await hand.post("/payments", json={"qr": code.qr})
    await api.post("/check_transaction_by_md5", json={"md5": code.md5})
    for entry in world.journal.entries:
        kept = exports.exports(world, entry, "http://127.0.0.1:8600")
        checked = world.library.check(kept["scenario"])
        assert checked.mistakes == (), kept["scenario"]
        compile(kept["pytest"], "test", "exec")
        assert "http://127.0.0.1:8600/v1/check_transaction_by_md5" in shlex.split(kept["curl"].replace("\\\n", " "))
        assert orjson.loads(kept["HAR"])["log"]["entries"][0]["response"]["status"] == entry.status
    script = checked.script
    assert str(next(iter(script.path)).state) in ("unpaid", "paid")


HOSTILE = (
    b"@/etc/hostname",
    b"' $(touch pwned) `touch pwned` \n; touch pwned #!",
    b'{"md5": "\x15touch pwned\r\x1b[201~\t\xff\\"}',
    "name=@ហាង\u202e&source[]={a,b}".encode(),
)


@pytest.mark.parametrize("body", HOSTILE)
async def test_a_copied_call_sends_what_was_sent_and_does_nothing_else(api, world, tmp_path, monkeypatch, body):
    """In a shell and in Python: no file read, no command run, no terminal driven, one request with the same bytes."""
    await api.post("/%2e%2e/a%0ab 'c%25[1-2]{c,d}\"?x=[1-2]{{a,b}}&y='\"$(touch%20pwned)", content=body)
    [entry] = world.journal.entries
    kept = exports.exports(world, entry, "http://127.0.0.1:8600")
    assert [sign for sign in kept["curl"] if not sign.isprintable() and sign != "\n"] == []
    words = words_of(kept["curl"], tmp_path)
    assert words[words.index(b"--data-raw") + 1] == body
    assert {b"-g", b"--path-as-is"} < set(words)
    [url] = [word.decode() for word in words if word.startswith(b"http")]
    assert url.startswith("http://127.0.0.1:8600/v1/../a%0Ab%20'c%25%5B1-2%5D%7Bc,d%7D%22?x=")
    assert sum(word.lower().startswith(b"content-type:") for word in words) == 1
    assert list(tmp_path.iterdir()) == []
    asked = []
    monkeypatch.setattr(
        httpx, "request", lambda *given, **more: asked.append((given, more)) or httpx.Response(entry.status)
    )
    made = {}
    exec(kept["pytest"], made)  # noqa: S102  which is what is tested
    made[f"test_call_{entry.number}_is_answered_as_in_the_journal"](Played())
    [((method, address), more)] = asked
    assert (method, address, more["content"]) == ("POST", url, body)
    assert more["headers"].keys() == {"authorization", "content-type"}
    assert more["headers"]["authorization"].startswith("Bearer ")


def words_of(command, folder):
    """What curl would be given, by bash."""
    said = "curl() { printf '%s\\0' \"$@\"; }\n" + command
    done = subprocess.run(["bash", "-c", said], capture_output=True, check=True, timeout=60, cwd=folder)
    return done.stdout.split(b"\0")


class Played:
    """The `bakong` that a test gets, as far as a copied one uses it."""

    base_url, token = "http://127.0.0.1:8600", "token"

    def use(self, scenario):
        assert scenario == "manual"


async def test_a_body_that_names_no_kind_is_called_what_it_looks_like(api, world):
    await api.post("/check_transaction_by_md5", json={})
    [entry] = world.journal.entries
    assert (
        har.media_type(entry._replace(headers=(), request=b"name=Dara&a%5B%5D=1"))
        == "application/x-www-form-urlencoded"
    )
    assert har.media_type(entry._replace(headers=(), request=b'{"a":"b=c"}')) == "application/json"
    told = ((b"Content-Type", b"text/csv"),)
    assert har.media_type(entry._replace(headers=told, request=b"a=b")) == "text/csv"


async def test_a_browser_from_elsewhere_comes_in_by_a_code_that_is_good_once(worlds):
    drawn = iter(["secret-1", "secret-2"])
    door = Door(["12345678"], lambda: next(drawn))
    app = simulator_app.build(worlds, Access(token="control", door=door))
    origin = {"origin": "http://127.0.0.1:8600"}
    transport = httpx.ASGITransport(app)

    def client():
        return httpx.AsyncClient(base_url="http://127.0.0.1:8600", transport=transport)

    async with client() as phone, client() as thief:
        refused = await phone.get("/console/default/wallet")
        assert refused.headers["location"] == "/console/-/enter?next=%2Fconsole%2Fdefault%2Fwallet"
        assert (await phone.get("/sandbox/worlds")).status_code == 401
        asked = await phone.get(refused.headers["location"])
        assert (asked.status_code, "one-time-code" in asked.text) == (200, True)
        form = {"code": "12345678", "next": "/console/default/wallet"}
        assert (await phone.post(PATH, data=form, headers={"origin": "http://evil.example"})).status_code == 403
        entered = await phone.post(PATH, data=form, headers=origin)
        assert (entered.status_code, entered.headers["location"]) == (303, "/console/default/wallet")
        assert (await phone.get("/console/default/wallet")).status_code == 200
        assert (await phone.get("/sandbox/worlds")).status_code == 200
        assert (await thief.post(PATH, data=form, headers=origin)).status_code == 403
        assert (await thief.get("/console/default/wallet")).status_code == 303


async def test_who_guesses_codes_finds_the_door_closed():
    door = Door(["12345678"], lambda: "secret")
    for wrong in range(10):
        assert door.enter(str(wrong)) is None
    assert door.enter("12345678") is None


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/sandbox/worlds", "/console/x/y?z"])
async def test_the_door_leads_nowhere_else(worlds, onward):
    app = simulator_app.build(worlds, Access(token="control", door=Door(["1"], lambda: "s")))
    async with httpx.AsyncClient(base_url="http://127.0.0.1:8600", transport=httpx.ASGITransport(app)) as client:
        entered = await client.post(PATH, data={"code": "1", "next": onward})
        assert (entered.status_code, entered.headers["location"]) == (303, "/console/")


async def test_a_report_is_shown_as_it_was_written_and_nothing_else_of_the_disk(worlds, tmp_path):
    folder, outside = tmp_path / "reports", tmp_path / "secret.html"
    (folder / "load-smoke").mkdir(parents=True)
    (folder / "load-smoke" / "report.html").write_text("<h1>PASS</h1>")
    outside.write_text("a secret")
    (folder / "link.html").symlink_to(outside)
    app = simulator_app.build(worlds)
    app.facts = app.facts._replace(reports=(folder, tmp_path / "missing"))
    async with httpx.AsyncClient(base_url="http://localhost", transport=httpx.ASGITransport(app)) as client:
        listed = (await client.get("/console/default/reports")).text
        assert ("load-smoke/report.html" in listed, "link.html" in listed) == (True, False)
        shown = await client.get("/console/-/report", params={"key": "0/load-smoke/report.html"})
        assert (shown.text, "sandbox" in shown.headers["content-security-policy"]) == ("<h1>PASS</h1>", True)
        for key in ("0/link.html", "0/../secret.html", "1/x", "/etc/passwd", ""):
            assert (await client.get("/console/-/report", params={"key": key})).status_code == 404


def test_the_page_of_the_console_names_tests_that_there_are():
    root = Path(__file__).parents[2]
    page = (root / "docs" / "console.md").read_text(encoding="utf-8")
    tests = "".join(file.read_text(encoding="utf-8") for file in (root / "tests").glob("[bs]*/test_*.py"))
    named = re.findall(r"`(test_[a-z0-9_]+)`", page)
    assert len(named) > 25
    assert [name for name in named if f"def {name}(" not in tests] == []
