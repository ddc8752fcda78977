"""`bakong_redirect` where a proxy is set: calls to NBC pass it by, whatever client and setting, and others keep it."""

import asyncio
import http.client
import http.server
import json
import socket
import ssl
import threading
import urllib.request

import aiohttp
import httpx
import pytest
import requests
import urllib3

from bakong_sandbox.devkit.testing.redirect import redirected
from khqr import Currency, Individual, encode
from tests.conftest import NOW_MS

PATH = "/v1/check_transaction_by_md5"
NBC = "https://api-bakong.nbc.gov.kh" + PATH
ELSEWHERE = "http://shop.example/"
CODE = encode(
    Individual(
        bakong_account_id="sokha@devb",
        merchant_name="Sokha",
        currency=Currency.USD,
        amount="1.5",
        bill_number="INV-1",
        expiration_timestamp=4_000_000_000_000,
    ),
    now=NOW_MS,
)
BODY = {"md5": CODE.md5}
PROXY_VARIABLES = [
    spelled for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for spelled in (name, name.lower())
]
# Made when this module is loaded: before any redirect.
SESSION, POOL, CLIENT = requests.Session(), urllib3.PoolManager(), httpx.Client()


class Recorder:
    """Takes every connection, keeps what comes, and answers whatever is asked as a proxy and its host would."""

    def __init__(self):
        self.got = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://user:secret@127.0.0.1:{self.port}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                taken, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, taken):
        with taken:
            while part := taken.recv(65536):
                self.got += part
                if part.endswith(b"\r\n\r\n"):
                    taken.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nproxy")

    def close(self):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture
def bakong(bakong_server):
    """The plugin's own, which has another meaning in this suite."""
    world = bakong_server.world()
    yield world
    bakong_server.drop(world)


@pytest.fixture
def proxy(monkeypatch):
    """A proxy that nothing names yet; no other one is in the environment."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture
def headers(proxy, bakong_redirect):
    bakong_redirect.pay(CODE.qr)
    return {"authorization": "Bearer " + bakong_redirect.token, "content-type": "application/json"}


def by_urllib(url, headers, *handlers):
    request = urllib.request.Request(url, json.dumps(BODY).encode(), headers)
    with urllib.request.build_opener(*handlers).open(request) as answer:
        return json.load(answer)


def by_http_client(headers, *, host="api-bakong.nbc.gov.kh", tunnel=None):
    connection = http.client.HTTPSConnection(host)
    if tunnel:
        connection.set_tunnel(tunnel)
    try:
        connection.request("POST", PATH, json.dumps(BODY), headers)
        return json.load(connection.getresponse())
    finally:
        connection.close()


def by_requests(url, headers, proxy=None, **options):
    with requests.Session() as session:
        return session.post(url, json=BODY, headers=headers, proxies=proxy, **options).json()


def by_httpx(url, headers, **options):
    with httpx.Client(**options) as client:
        return client.post(url, json=BODY, headers=headers).json()


def by_httpx_async(url, headers, **options):
    async def story():
        async with httpx.AsyncClient(**options) as client:
            answers = await asyncio.gather(*(client.post(url, json=BODY, headers=headers) for _ in range(3)))
            return answers[0].json()

    return asyncio.run(story())


def by_aiohttp(url, headers, session=(), **options):
    async def story():
        async with (
            aiohttp.ClientSession(**dict(session)) as opened,
            opened.post(url, json=BODY, headers=headers, **options) as answer,
        ):
            return await answer.json(content_type=None)

    return asyncio.run(story())


def by_urllib3(url, headers, manager):
    with manager:
        return manager.request("POST", url, body=json.dumps(BODY), headers=headers).json()


ENVIRONMENT = {
    "urllib": lambda headers: by_urllib(NBC, headers),
    "http.client": by_http_client,
    "requests": lambda headers: by_requests(NBC, headers),
    "requests without verifying": lambda headers: by_requests(NBC, headers, verify=False),
    "requests' own session": lambda headers: SESSION.post(NBC, json=BODY, headers=headers).json(),
    "httpx": lambda headers: by_httpx(NBC, headers),
    "httpx without verifying": lambda headers: by_httpx(NBC, headers, verify=False),
    "httpx of before": lambda headers: CLIENT.post(NBC, json=BODY, headers=headers).json(),
    "httpx async": lambda headers: by_httpx_async(NBC, headers),
    "aiohttp": lambda headers: by_aiohttp(NBC, headers, {"trust_env": True}),
    "urllib3": lambda headers: by_urllib3(NBC, headers, urllib3.PoolManager()),
    "urllib3 of before": lambda headers: POOL.request("POST", NBC, body=json.dumps(BODY), headers=headers).json(),
}


@pytest.mark.parametrize("client", ENVIRONMENT)
@pytest.mark.parametrize("upper", [True, False], ids=["upper case", "lower case"])
def test_a_proxy_of_the_environment_gets_no_byte_of_a_call_to_nbc(proxy, headers, monkeypatch, client, upper):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name if upper else name.lower(), proxy.url)
    assert ENVIRONMENT[client](headers)["data"]["amount"] == 1.5
    assert proxy.got == b""


def mounted(proxy):
    return {"all://": httpx.HTTPTransport(proxy=proxy.url)}


def mounted_async(proxy):
    return {"https://": httpx.AsyncHTTPTransport(proxy=proxy.url)}


def with_session_proxy(headers, proxy):
    with requests.Session() as session:
        session.proxies = {"https": proxy.url, "http": proxy.url}
        return session.post(NBC, json=BODY, headers=headers).json()


def with_adapter(headers, proxy):
    with requests.Session() as session:
        session.mount("https://", requests.adapters.HTTPAdapter(max_retries=2))
        return session.post(NBC, json=BODY, headers=headers, proxies={"all": proxy.url}).json()


def by_plain_proxy_request(headers, proxy):
    """As a client asks an HTTP proxy for an http:// address: by the whole URL."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port)
    try:
        connection.request("POST", NBC.replace("https", "http"), json.dumps(BODY), headers)
        return json.load(connection.getresponse())
    finally:
        connection.close()


BY_HAND = {
    "urllib": lambda headers, proxy: by_urllib(
        NBC, headers, urllib.request.ProxyHandler({"https": proxy.url, "http": proxy.url})
    ),
    "urllib over http": lambda headers, proxy: by_urllib(
        NBC.replace("https", "http"), headers, urllib.request.ProxyHandler({"http": proxy.url})
    ),
    "http.client's tunnel": lambda headers, proxy: by_http_client(
        headers, host=f"127.0.0.1:{proxy.port}", tunnel="api-bakong.nbc.gov.kh"
    ),
    "http.client's whole URL": by_plain_proxy_request,
    "requests": lambda headers, proxy: by_requests(NBC, headers, {"https": proxy.url}),
    "requests by host": lambda headers, proxy: by_requests(NBC, headers, {"https://api-bakong.nbc.gov.kh": proxy.url}),
    "requests' session": with_session_proxy,
    "requests' adapter": with_adapter,
    "requests over SOCKS": lambda headers, _: by_requests(NBC, headers, {"https": "socks5h://127.0.0.1:9"}),
    "httpx": lambda headers, proxy: by_httpx(NBC, headers, proxy=proxy.url),
    "httpx's mounts": lambda headers, proxy: by_httpx(NBC, headers, mounts=mounted(proxy)),
    "httpx async": lambda headers, proxy: by_httpx_async(NBC, headers, proxy=proxy.url),
    "httpx's mounts async": lambda headers, proxy: by_httpx_async(NBC, headers, mounts=mounted_async(proxy)),
    "aiohttp": lambda headers, proxy: by_aiohttp(NBC, headers, proxy=proxy.url),
    "aiohttp's session": lambda headers, proxy: by_aiohttp(NBC, headers, {"proxy": proxy.url}),
    "urllib3": lambda headers, proxy: by_urllib3(NBC, headers, urllib3.ProxyManager(proxy.url)),
    "urllib3 over http": lambda headers, proxy: by_urllib3(
        NBC.replace("https", "http"), headers, urllib3.ProxyManager(proxy.url)
    ),
}


@pytest.mark.parametrize("client", BY_HAND)
def test_a_proxy_by_hand_gets_no_byte_of_a_call_to_nbc(proxy, headers, client):
    assert BY_HAND[client](headers, proxy)["data"]["amount"] == 1.5
    assert proxy.got == b""


SPELLED = [
    NBC.replace("kh/", "kh:443/"),
    NBC.replace("kh/", "kh./"),
    NBC.replace("api-bakong", "API-Bakong"),
    NBC.replace("https", "http"),
    NBC.replace("api-", "sit-api-").replace("gov", "org"),
]


@pytest.mark.parametrize("url", SPELLED)
@pytest.mark.parametrize(
    "call", [by_urllib, by_requests, by_httpx, by_httpx_async, by_aiohttp], ids=lambda c: c.__name__
)
def test_every_spelling_of_the_host_is_redirected(proxy, headers, monkeypatch, call, url):
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    assert call(url, headers)["data"]["amount"] == 1.5
    assert proxy.got == b""


OTHERS = {
    "urllib": lambda _: urllib.request.build_opener().open(ELSEWHERE).read(),
    "requests": lambda _: requests.get(ELSEWHERE, timeout=60).content,
    "httpx": lambda _: httpx.get(ELSEWHERE).content,
    "urllib3": lambda url: urllib3.ProxyManager(url).request("GET", ELSEWHERE).data,
}


@pytest.mark.parametrize("client", OTHERS)
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # urllib3's manager is left open
def test_other_hosts_keep_their_proxy(proxy, headers, monkeypatch, client):
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("http_proxy", proxy.url)
    assert OTHERS[client](proxy.url) == b"proxy"
    assert b"shop.example" in proxy.got
    assert headers["authorization"].encode() not in proxy.got


def test_aiohttp_calls_of_one_session_at_once_each_go_their_own_way(proxy, headers):
    async def story():
        async with aiohttp.ClientSession("https://api-bakong.nbc.gov.kh", proxy=proxy.url) as session:

            async def ask(path):
                async with (
                    session.get(path) if path == ELSEWHERE else session.post(path, json=BODY, headers=headers) as answer
                ):
                    return await answer.read()

            return await asyncio.gather(*map(ask, (PATH, ELSEWHERE, PATH, ELSEWHERE, PATH)))

    answers = asyncio.run(story())
    assert [answer == b"proxy" for answer in answers] == [False, True, False, True, False]
    assert b"Bearer" not in proxy.got


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("kept", ["http.client", "urllib3", "httpx"])
def test_a_connection_that_was_open_before_gets_nothing(proxy, bakong, request, kept):
    """The proxy plays NBC over http, and the client keeps its connection to it alive."""
    url, named = "http://api-bakong.nbc.gov.kh/", ("127.0.0.1", proxy.port)
    if kept == "http.client":
        client = http.client.HTTPConnection("api-bakong.nbc.gov.kh")
        client.sock = socket.create_connection(named)
        client.request("GET", "/")
        client.getresponse().read()
    elif kept == "urllib3":
        client = urllib3.ProxyManager(proxy.url)
        client.request("GET", url)
    else:
        client = httpx.Client(proxy=proxy.url)
        client.get(url)
    before = proxy.got
    assert before
    redirected = request.getfixturevalue("bakong_redirect")
    sent = {"authorization": "Bearer " + redirected.token, "content-type": "application/json"}
    if kept == "http.client":
        client.request("POST", PATH, json.dumps(BODY), sent)
        answer = json.load(client.getresponse())
    elif kept == "urllib3":
        answer = client.request("POST", url[:-1] + PATH, body=json.dumps(BODY), headers=sent).json()
        client.clear()
    else:
        answer = client.post(url[:-1] + PATH, json=BODY, headers=sent).json()
    client.close() if kept != "urllib3" else None
    assert answer["errorCode"] == 1
    assert proxy.got == before


def test_a_redirected_answer_has_the_url_that_was_asked(headers):
    assert requests.post(NBC, json=BODY, headers=headers, timeout=60).url == NBC
    assert httpx.post(NBC, json=BODY, headers=headers).url == NBC

    async def story():
        async with aiohttp.ClientSession() as session, session.post(NBC, json=BODY, headers=headers) as answer:
            return str(answer.url)

    assert asyncio.run(story()) == NBC


def test_no_certificate_is_asked_of_the_sandbox_and_nothing_warns_of_it(headers):
    trusts_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert by_httpx(NBC, headers, verify=trusts_nobody)["data"]["amount"] == 1.5
    assert by_requests(NBC, headers, verify=False)["data"]["amount"] == 1.5
    assert by_aiohttp(NBC, headers, ssl=False)["data"]["amount"] == 1.5


def test_two_tests_in_one_process_share_no_connection(headers, bakong_redirect):
    """The module's own session was used for another world by the tests before."""
    SESSION.post(NBC, json={"md5": "0" * 32}, headers=headers)
    assert len(bakong_redirect.journal) == 1


class Mover(http.server.BaseHTTPRequestHandler):
    """A world that answers with a redirect: to NBC's own address, or to a path; then with what it was asked."""

    def do_GET(self):
        where = {"/w/one/v1/absolute": NBC, "/w/one/v1/path": PATH}.get(self.path)
        self.send_response(302 if where else 200)
        body = b"" if where else json.dumps([self.path, self.headers["authorization"]]).encode()
        for name, value in {"location": where, "content-length": len(body)}.items():
            if value is not None:
                self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


GETTERS = {
    "urllib": lambda url, sent: json.load(
        urllib.request.build_opener().open(urllib.request.Request(url, headers=sent))
    ),
    "requests": lambda url, sent: requests.get(url, headers=sent, timeout=60).json(),
    "httpx": lambda url, sent: httpx.get(url, headers=sent, follow_redirects=True).json(),
    "urllib3": lambda url, sent: POOL.request("GET", url, headers=sent).json(),
    "urllib3's pool": lambda url, sent: (
        urllib3.HTTPSConnectionPool("api-bakong.nbc.gov.kh").request("GET", url, headers=sent).json()
    ),
    "aiohttp": lambda url, sent: asyncio.run(got_by_aiohttp(url, sent)),
}


async def got_by_aiohttp(url, sent):
    async with aiohttp.ClientSession(trust_env=True) as session, session.get(url, headers=sent) as answer:
        return await answer.json(content_type=None)


@pytest.mark.parametrize("where", ["absolute", "path"])
@pytest.mark.parametrize("client", GETTERS)
def test_a_redirect_of_the_sandbox_leads_to_the_sandbox_with_the_token(proxy, monkeypatch, client, where):
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mover) as world:
        threading.Thread(target=world.serve_forever, daemon=True).start()
        with redirected(monkeypatch, f"http://127.0.0.1:{world.server_port}/w/one"):
            url = f"https://api-bakong.nbc.gov.kh/v1/{where}"
            assert GETTERS[client](url, {"authorization": "Bearer one"}) == [f"/w/one{PATH}", "Bearer one"]
        world.shutdown()
    assert proxy.got == b""
