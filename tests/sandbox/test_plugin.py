"""The pytest plugin as its users have it: in a run of pytest of its own, with warnings as errors."""

import asyncio
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator.control import build
from bakong_simulator.journals.replay import replay

ROOT = Path(__file__).parents[2]
CODE = """
    from khqr import Currency, Individual, encode

    def code(number=1, account="sokha@devb"):
        return encode(
            Individual(bakong_account_id=account, merchant_name="Sokha", currency=Currency.USD, amount="1.5",
                       bill_number=f"INV-{number}", expiration_timestamp=4_000_000_000_000),
            now=1_770_768_000_000,
        )
"""
PRELUDE = (
    "import httpx, pytest\nfrom codes import code\n"
    "NBC = 'https://api-bakong.nbc.gov.kh/v1/check_transaction_by_md5'\n"
    "def auth(bakong): return {'authorization': 'Bearer ' + bakong.token}\n"
)


@pytest.fixture
def run(tmp_path):
    """Runs tests with the plugin, and nothing else that they do not name."""

    def run(tests: str, *options: str, plugins=("bakong_sandbox.devkit.plugin",), ends=0):
        (tmp_path / "codes.py").write_text(textwrap.dedent(CODE))
        (tmp_path / "test_it.py").write_text(PRELUDE + textwrap.dedent(tests))
        named = [part for plugin in plugins for part in ("-p", plugin)]
        env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": f"{ROOT}:{tmp_path}"}
        command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--rootdir", tmp_path, "-c", os.devnull]
        ended = subprocess.run(
            [*command, *named, *options, tmp_path], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert ended.returncode == ends, ended.stdout + ended.stderr
        return ended.stdout

    return run


def test_a_failed_test_tells_seed_scenario_and_calls_and_keeps_a_journal_that_replays(run, tmp_path):
    told = run(
        """
        def test_real(bakong):
            bakong.use("storm-503")
            url = bakong.base_url + "/v1/check_transaction_by_md5"
            httpx.post(url, json={"md5": "a"}, headers=auth(bakong), trust_env=False).raise_for_status()

        @pytest.mark.asyncio
        async def test_in_process(bakong_in_process):
            async with bakong_in_process.client() as client:
                await client.post("/v1/check_transaction_by_md5", json={"md5": "b"})
                await client.post("/v1/check_transaction_md5", json={"md5": "b"})
            assert False
        """,
        *("-o", "asyncio_default_fixture_loop_scope=function", "-o", f"cache_dir={tmp_path / 'kept'}"),
        plugins=("bakong_sandbox.devkit.plugin", "pytest_asyncio.plugin"),
        ends=1,
    )
    assert re.search(r"world=world-\d+ seed=\d+ scenario=storm-503", told)
    assert "1. POST check_transaction_by_md5 md5=a poll=1 -> 503 fault=http" in told
    assert "world=default seed=1 scenario=manual" in told
    assert "1. POST check_transaction_by_md5 md5=b poll=1 -> 200 errorCode=1" in told
    assert "-> 404 errorCode=5 near miss: check_transaction_by_md5" in told
    journals = re.findall(r"journal=(\S+\.json):", told)
    assert len(journals) == 2
    for path, calls in zip(journals, (1, 2), strict=True):
        replayed, _ = asyncio.run(replay(json.loads(Path(path).read_text()), build, SCHEMES))
        assert (replayed.calls, replayed.different) == (calls, [])


def test_a_test_pays_a_code_uses_a_script_and_reads_the_journal(run):
    told = run(
        """
        def check(bakong, md5, **options):
            url = bakong.base_url + "/v1/check_transaction_by_md5"
            return httpx.post(url, json={"md5": md5}, headers=auth(bakong), trust_env=False, **options)

        def test_pay(bakong):
            one = code()
            assert check(bakong, one.md5).json()["errorCode"] == 1
            assert bakong.pay(one.qr)["status"] == "paid"
            assert check(bakong, one.md5).json()["data"]["amount"] == 1.5
            assert [entry["error_code"] for entry in bakong.journal] == [1, None]

        def test_worlds_are_apart(bakong):
            assert check(bakong, code().md5).json()["errorCode"] == 1
            assert len(bakong.journal) == 1

        def test_use(bakong, tmp_path):
            bakong.use("failed-then-paid")
            bakong.use("name: mine\\npayment: [failed]")
            (tmp_path / "s.yaml").write_text("name: s\\nfaults: [{fault: http, status: 503}]")
            bakong.use(tmp_path / "s.yaml")
            assert check(bakong, code().md5).status_code == 503
            with pytest.raises(AssertionError, match="did you mean 'paid'"):
                bakong.use("piad")

        def test_clock(bakong):
            bakong.clock.freeze("2026-02-11T00:00:00Z")
            bakong.register(code().qr, scenario="paid-after-time")
            assert check(bakong, code().md5).json()["errorCode"] == 1
            assert bakong.clock.advance(12)["now"] == "2026-02-11T00:00:12.000Z"
            assert check(bakong, code().md5).json()["errorCode"] is None

        def test_hang(bakong):
            bakong.use("timeout")
            with pytest.raises(httpx.ReadTimeout):
                check(bakong, code().md5, timeout=httpx.Timeout(60, read=0.2))
        """
    )
    assert "5 passed" in told


def test_in_process_no_port_is_opened_and_a_hang_takes_no_time(run):
    told = run(
        """
        import asyncio

        def test_in_process(bakong_in_process, no_real_network):
            async def story():
                async with bakong_in_process.client(timeout=20) as client:
                    body = {"md5": code().md5}
                    assert (await client.post("/v1/check_transaction_by_md5", json=body)).json()["errorCode"] == 1
                    await bakong_in_process.pay(code().qr)
                    found = await client.post("/v1/check_transaction_by_md5", json=body)
                    assert found.json()["data"]["amount"] == 1.5
                    await bakong_in_process.use("timeout")
                    with pytest.raises(httpx.ReadTimeout):
                        await client.post("/v1/check_transaction_by_md5", json={"md5": "0" * 32})
                    await bakong_in_process.use("reset-before-head")
                    with pytest.raises(httpx.ReadError):
                        await client.post("/v1/check_transaction_by_md5", json={"md5": "1" * 32})
                    assert len(await bakong_in_process.journal) == 4
            asyncio.run(story())
        """
    )
    assert "1 passed" in told


def test_code_that_calls_nbc_meets_the_sandbox_from_every_client(run):
    told = run(
        """
        import asyncio, http.client, json, urllib.request

        pytestmark = pytest.mark.usefixtures("no_real_network")
        BODY = {"md5": code().md5}

        @pytest.fixture
        def paid(bakong_redirect):
            bakong_redirect.pay(code().qr)
            return {**auth(bakong_redirect), "content-type": "application/json"}

        def test_httpx(paid):
            assert httpx.post(NBC, json=BODY, headers=paid).json()["data"]["amount"] == 1.5

        def test_httpx_async(paid):
            async def story():
                async with httpx.AsyncClient(base_url="https://sit-api-bakong.nbc.gov.kh") as client:
                    return await client.post("/v1/check_transaction_by_md5", json=BODY, headers=paid)
            assert asyncio.run(story()).json()["data"]["amount"] == 1.5

        def test_requests(paid):
            import requests
            assert requests.post(NBC, json=BODY, headers=paid).json()["data"]["amount"] == 1.5

        def test_aiohttp(paid):
            import aiohttp
            async def story():
                async with aiohttp.ClientSession("https://api-bakong.nbc.gov.kh") as session:
                    async with session.post("/v1/check_transaction_by_md5", json=BODY, headers=paid) as answer:
                        first = await answer.json()
                async with aiohttp.ClientSession() as session, session.post(NBC, json=BODY, headers=paid) as answer:
                    assert await answer.json() == first
                return first
            assert asyncio.run(story())["data"]["amount"] == 1.5

        def test_urllib(paid):
            with urllib.request.urlopen(urllib.request.Request(NBC, json.dumps(BODY).encode(), paid)) as answer:
                assert json.load(answer)["data"]["amount"] == 1.5

        def test_the_library_of_pypi(bakong_redirect):
            from bakong_khqr import KHQR
            library = KHQR(bakong_redirect.token)
            assert library.check_payment(code(2).md5) == "UNPAID"
            bakong_redirect.pay(code(2).qr)
            assert library.check_payment(code(2).md5) == "PAID"
        """
    )
    assert "6 passed" in told


def test_a_time_out_of_the_client_costs_no_time_and_is_its_own(run):
    told = run(
        """
        import asyncio, http.client, socket, time, urllib.request

        pytestmark = pytest.mark.usefixtures("no_real_network")
        BODY, DATA = {"md5": "0" * 32}, b'{"md5": "%s"}' % (b"0" * 32)

        @pytest.fixture
        def token(bakong_redirect):
            bakong_redirect.use("timeout")  # 60 s, two times
            began = time.monotonic()
            yield {**auth(bakong_redirect), "content-type": "application/json"}
            assert time.monotonic() - began < 2
            assert [call["fault"] for call in bakong_redirect.journal] == ["hang"]

        def test_httpx(token):
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(NBC, json=BODY, headers=token, timeout=30)

        def test_httpx_async(token):
            async def story():
                async with httpx.AsyncClient(timeout=30) as client:
                    await client.post(NBC, json=BODY, headers=token)
            with pytest.raises(httpx.ReadTimeout):
                asyncio.run(story())

        def test_requests(token):
            import requests
            with pytest.raises(requests.ReadTimeout):
                requests.post(NBC, json=BODY, headers=token, timeout=(3, 30))

        def test_urllib3(token):
            import urllib3
            with pytest.raises(urllib3.exceptions.ReadTimeoutError):
                urllib3.PoolManager(retries=False).request("POST", NBC, json=BODY, headers=token, timeout=30)

        def test_urllib(token):
            with pytest.raises(TimeoutError):
                urllib.request.urlopen(urllib.request.Request(NBC, DATA, token), timeout=30)

        def test_http_client(token):
            connection = http.client.HTTPSConnection("api-bakong.nbc.gov.kh", timeout=30)
            connection.request("POST", "/v1/check_transaction_by_md5", DATA, token)
            with pytest.raises(TimeoutError):
                connection.getresponse()
            connection.close()

        @pytest.mark.parametrize("limits", [{"total": 30}, {"total": None, "sock_read": 30}])
        def test_aiohttp(token, limits):
            import aiohttp
            async def story():
                async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(**limits)) as session:
                    await session.post(NBC, json=BODY, headers=token)
            with pytest.raises(TimeoutError):
                asyncio.run(story())
        """
    )
    assert "8 passed" in told


def test_who_waits_longer_than_the_sandbox_gets_the_answer(run):
    told = run(
        """
        def test_late(bakong_redirect):
            late = "{on: check, fault: delay, median: 100ms, p99: 200ms}"
            bakong_redirect.use(f"name: late\\nabout: a little\\nfaults: [{late}]")
            answer = httpx.post(NBC, json={"md5": "0" * 32}, headers=auth(bakong_redirect), timeout=30)
            assert (answer.status_code, answer.json()["errorCode"]) == (200, 1)
        """
    )
    assert "1 passed" in told


def test_the_marker_and_the_ini_begin_a_bakong(run, tmp_path):
    (tmp_path / "mine.yaml").write_text("name: mine\nabout: a file beside the ini\n")
    told = run(
        """
        import bakong_sandbox
        from bakong_sandbox import Bakong

        pytestmark = pytest.mark.bakong(quota=7)

        def test_ini(bakong: Bakong):
            world = bakong.look("")
            assert (world["scenario"], world["clock"]["now"][:10]) == ("mine", "2026-02-11")

        @pytest.mark.bakong(scenario="storm-503", profile="sit", at="2026-03-01T00:00:00Z")
        def test_marker(bakong):
            world = bakong.look("")
            assert (world["scenario"], world["clock"]["now"][:10]) == ("storm-503", "2026-03-01")
            assert world["clock"]["mode"] == "frozen"
            assert "7" in str(world["limits"]) if "limits" in world else True

        @pytest.mark.bakong(quota=1)
        def test_quota_and_geo_block(bakong):
            def check():
                url = bakong.base_url + "/v1/check_transaction_by_md5"
                return httpx.post(url, json={"md5": "a" * 32}, headers=auth(bakong), trust_env=False)
            assert check().json()["errorCode"] == 1
            assert check().json()["errorCode"] == 17
            bakong.set_quota(None)
            assert check().json()["errorCode"] == 1
            bakong.set_geo_block()
            assert check().status_code == 403
        """,
        *("-o", "bakong_scenario=mine.yaml", "-o", "bakong_at=2026-02-11T00:00:00Z"),
    )
    assert "3 passed" in told


def test_a_mistake_in_a_marker_or_a_call_shows_the_users_line_and_none_of_ours(run):
    told = run(
        """
        @pytest.mark.bakong(scenaro="timeout")
        def test_key(bakong): ...

        @pytest.mark.bakong(scenario="timeuot")
        def test_name(bakong): ...

        def test_call(bakong):
            bakong.pay("nonsense")
        """,
        ends=1,
    )
    assert "the marker bakong has no 'scenaro'; did you mean 'scenario'?" in told
    assert "did you mean 'timeout'?" in told
    assert 'bakong.pay("nonsense")' in told
    assert "devkit/testing" not in told


def test_a_sandbox_that_runs_already_serves_the_tests(run, bakong_server):
    told = run(
        f"""
        def test_outside(bakong):
            assert bakong.base_url.startswith("{bakong_server.url}")
        """,
        f"--bakong-url={bakong_server.url}",
    )
    assert "1 passed" in told
    told = run("def test_it(bakong): ...", "-o", "bakong_url=http://127.0.0.1:9", ends=1)
    assert "no sandbox answers at http://127.0.0.1:9" in told


def test_the_real_network_is_forbidden(run):
    told = run(
        """
        import socket, urllib.request

        def connect_ex():
            with socket.socket() as opened:
                opened.connect_ex(("192.0.2.1", 80))

        @pytest.mark.parametrize("reach", [
            lambda: urllib.request.urlopen("http://shop.invalid/"),
            lambda: httpx.get("http://192.0.2.1/", trust_env=False),
            lambda: socket.create_connection(("2001:db8::1", 80)),
            connect_ex,
        ])
        def test_forbidden(no_real_network, reach):
            with pytest.raises(RuntimeError, match="forbids the real network"):
                reach()

        def test_loopback_is_free(no_real_network, bakong):
            url = bakong.base_url.partition("/w/")[0] + "/sandbox/health"
            assert httpx.get(url, trust_env=False).status_code == 200
        """
    )
    assert "5 passed" in told


def test_the_workers_of_xdist_share_nothing(run):
    told = run(
        """
        @pytest.mark.parametrize("number", range(64))
        def test_apart(bakong, number):
            url = bakong.base_url + "/v1/check_transaction_by_md5"
            def check():
                answer = httpx.post(url, json={"md5": code().md5}, headers=auth(bakong), trust_env=False)
                return answer.json()["errorCode"]
            assert check() == 1
            bakong.pay(code().qr)
            assert check() is None
            assert len(bakong.journal) == 2
        """,
        "-n",
        "2",
        plugins=("bakong_sandbox.devkit.plugin", "xdist"),
    )
    assert "64 passed" in told


def test_loading_the_plugin_loads_nothing_heavy():
    heavy = ("fastapi", "httpx", "uvicorn", "pydantic", "sqlalchemy", "simulator", "service", "yaml")
    script = f"import sys, bakong_sandbox.devkit.plugin; print([name for name in {heavy} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_a_story_that_cannot_be_told_ends_no_run(run):
    told = run(
        """
        def test_broken(bakong, monkeypatch):
            def broken(path):
                raise RuntimeError("no answer")

            bakong.look = broken
            assert False

        def test_next(bakong):
            assert bakong.journal == []
        """,
        ends=1,
    )
    assert "1 failed, 1 passed" in told
    assert "it cannot be told what happened: RuntimeError: no answer" in told
