"""Whose address a request counts for behind proxies, and what is said where that may be the proxy's own."""

import json

import pytest

from bakong_service.api.addresses import Proxies, forwarded_address, rate_limit_network, read
from bakong_service.domain.admission import FAILURES
from bakong_service.wiring import MOST_DOUBTS, doubt_recorder, proxies_line
from tests.service.house import KEY, open_house
from tests.service.processes import command, environment

ENTRIES = {
    "192.0.2.1": "192.0.2.1",
    "192.0.2.1:4711": "192.0.2.1",
    "192.0.2.1:1": "192.0.2.1",
    "2001:db8::1": "2001:db8::1",
    "2001:DB8:0::1": "2001:db8::1",
    "[2001:db8::1]": "2001:db8::1",
    "[2001:db8::1]:443": "2001:db8::1",
    '"[2001:db8::1]:443"': "2001:db8::1",
    '"192.0.2.1"': "192.0.2.1",
    "::ffff:192.0.2.1": "192.0.2.1",
    "[::ffff:192.0.2.1]:80": "192.0.2.1",
    "fe80::1%eth0": "fe80::1",
    "[fe80::1%eth0]:80": "fe80::1",
    "::1": "::1",
    "unknown": None,
    "_hidden": None,
    "_gazonk:4711": None,
    "shop.example.com": None,
    "192.0.2.1:": None,
    "192.0.2.1:port": None,
    "192.0.2": None,
    "192.0.2.256": None,
    "192.0.2.1 192.0.2.2": None,
    "192.0.2.1%eth0": None,
    "[2001:db8::1": None,
    "[192.0.2.1": None,
    "[]": None,
    ":80": None,
    "1" * 5_000: None,
}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry[:30])
def test_an_entry_is_read_as_proxies_write_it(entry):
    assert forwarded_address(entry) == ENTRIES[entry]


NEAR = ("10.0.0.0/8", "2001:db8:ffff::/48")
WALKS = [
    ("a port", "192.0.2.1:4711", "192.0.2.1"),
    ("a forged entry before one with a port", "10.9.9.9, 192.0.2.1:4711", "192.0.2.1"),
    ("two proxies with ports", "192.0.2.1:4711, 10.2.2.2:80", "192.0.2.1"),
    ("a proxy of IPv6 in brackets", "192.0.2.1, [2001:db8:ffff::7]:443", "192.0.2.1"),
    ("a caller of IPv6 in brackets", "[2001:db8::1]:443, 10.2.2.2", "2001:db8::1"),
    ("IPv4 inside IPv6", "::ffff:192.0.2.1, ::ffff:10.2.2.2", "192.0.2.1"),
    ("empty entries", " , 192.0.2.1 ,, 10.2.2.2, ,", "192.0.2.1"),
    ("no spaces, tabs", "198.51.100.1,192.0.2.1,\t10.2.2.2", "192.0.2.1"),
    ("a word stops the walk", "192.0.2.1, unknown, 10.2.2.2", "10.2.2.2"),
    ("a hidden name stops the walk", "192.0.2.1, _x", "10.1.1.1"),
    ("only proxies", "10.3.3.3, 10.2.2.2", "10.3.3.3"),
    ("only commas", ",,", "10.1.1.1"),
]


@pytest.mark.parametrize(("header", "client"), [row[1:] for row in WALKS], ids=[row[0] for row in WALKS])
def test_the_nearest_address_that_no_proxy_of_ours_has_counts(header, client):
    assert Proxies(NEAR).client("10.1.1.1", header) == client


def test_a_network_of_ipv4_inside_ipv6_trusts_the_same_addresses():
    for networks in (["::ffff:10.0.0.0/104"], ["10.0.0.0/8"]):
        for peer in ("10.1.1.1", "::ffff:10.1.1.1"):
            assert Proxies(networks).client(peer, "192.0.2.1") == "192.0.2.1"


def test_a_zone_makes_no_second_address():
    assert read("fe80::1%eth0") == read("fe80::1%eth1") == read("fe80::1")
    assert rate_limit_network("fe80::1%eth0") == "fe80::/64"


UNTRUSTED = "X-Forwarded-For was not read: its sender is not in TRUSTED_PROXIES"
DOUBTS = [
    ("no proxy, no header", (), "10.1.1.1", "", ""),
    ("a proxy nearby that nobody trusts", (), "10.1.1.1", "192.0.2.1", UNTRUSTED),
    ("loopback", (), "127.0.0.1", "192.0.2.1", UNTRUSTED),
    ("IPv6 nearby", (), "fd00::1", "192.0.2.1", UNTRUSTED),
    ("a provider's shared network", (), "100.64.0.7", "192.0.2.1", UNTRUSTED),
    ("another proxy is trusted", ("10.2.2.2/32",), "10.1.1.1", "192.0.2.1", UNTRUSTED),
    ("the second proxy is not trusted", ("10.1.1.1/32",), "10.1.1.1", "192.0.2.1, 10.2.2.2", UNTRUSTED),
    ("a caller from far away, who forges", (), "8.8.8.8", "192.0.2.1", ""),
    ("a caller from far away behind a proxy", ("10.0.0.0/8",), "10.1.1.1", "192.0.2.1, 8.8.8.8", ""),
    ("all is well", ("10.0.0.0/8",), "10.1.1.1", "8.8.8.8", ""),
    ("a trusted proxy without the header", ("10.0.0.0/8",), "10.1.1.1", "", "sent no X-Forwarded-For"),
    ("a trusted proxy that hides callers", ("10.0.0.0/8",), "10.1.1.1", "unknown", "no caller that can be read"),
    ("no address at all", (), "unknown", "192.0.2.1", ""),
]


@pytest.mark.parametrize(
    ("networks", "peer", "header", "why"), [row[1:] for row in DOUBTS], ids=[row[0] for row in DOUBTS]
)
def test_where_many_may_share_the_address_it_is_said_why(networks, peer, header, why):
    doubt = Proxies(networks).doubt(peer, header)
    assert why in doubt
    assert bool(why) == bool(doubt)


PATH = "/api/subscriptions/status/sokha"
BEHIND = {"x-forwarded-for": "203.0.113.9:4711"}


def events(folder, name):
    lines = [json.loads(line) for line in (folder / "logs" / "security.log").read_text().splitlines()]
    return [line for line in lines if line["event"] == name]


async def test_the_first_refusal_behind_a_proxy_that_nobody_trusts_says_what_to_set(tmp_path):
    async with open_house(tmp_path, rate_limit_per_minute=100) as house:
        wrong = BEHIND | {"authorization": "Bearer wrong"}
        for _ in range(FAILURES):
            assert (await house.client.get(PATH, headers=wrong)).status_code == 401
        refused = [(await house.client.get(PATH, headers=BEHIND)).json() for _ in range(3)]
    assert {answer["code"] for answer in refused} == {"blocked"}
    assert {answer["detail"] for answer in refused} == {f"too many wrong API keys came from this address; {UNTRUSTED}"}
    (line,) = events(tmp_path, "proxy_doubted")
    assert line["peer"] == "127.0.0.1"
    assert line["message"].startswith(UNTRUSTED)
    assert "TRUSTED_PROXIES" in line["message"]


async def test_a_limit_that_many_share_says_so_and_a_keys_own_does_not(tmp_path):
    async with open_house(tmp_path, rate_limit_per_minute=2) as house:
        by_address = [await house.client.get("/qr-codes/x.png", headers=BEHIND) for _ in range(3)]
        by_key = [await house.client.get(PATH, headers=BEHIND) for _ in range(3)]
    assert (by_address[-1].status_code, by_key[-1].status_code) == (429, 429)
    assert by_address[-1].json()["detail"].endswith(UNTRUSTED)
    assert UNTRUSTED not in by_key[-1].json()["detail"]


async def test_behind_a_trusted_proxy_one_callers_wrong_keys_are_his_alone_whatever_port_he_has(tmp_path):
    async with open_house(tmp_path, rate_limit_per_minute=100, trusted_proxies=("127.0.0.1/32",)) as house:
        for port in range(FAILURES):
            headers = {"authorization": "Bearer wrong", "x-forwarded-for": f"203.0.113.9:{4000 + port}"}
            assert (await house.client.get(PATH, headers=headers)).status_code == 401
        guesser = await house.client.get(PATH, headers={"x-forwarded-for": "203.0.113.9:9"})
        backend = await house.client.get(PATH, headers={"x-forwarded-for": "203.0.113.10:9"})
        assert (guesser.status_code, guesser.json()["detail"]) == (
            403,
            "too many wrong API keys came from this address",
        )
        assert backend.status_code == 200
    assert events(tmp_path, "proxy_doubted") == []


async def test_the_header_in_several_lines_is_one_list(tmp_path):
    async with open_house(tmp_path, rate_limit_per_minute=2, trusted_proxies=("127.0.0.1/32",)) as house:

        async def asked(last):
            lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", last)]
            return (await house.client.get("/qr-codes/x.png", headers=lines)).status_code

        assert [await asked("203.0.113.9:1") for _ in range(3)] == [422, 422, 429]
        assert await asked("203.0.113.10:1") == 422


async def test_forwarded_of_rfc_7239_changes_nothing(tmp_path):
    """Behind a proxy that sets X-Forwarded-For it is the caller's own."""
    async with open_house(tmp_path, rate_limit_per_minute=2, trusted_proxies=("127.0.0.1/32",)) as house:
        headers = [{"x-forwarded-for": "203.0.113.9", "forwarded": f"for=198.51.100.{n}"} for n in range(3)]
        answers = [await house.client.get("/qr-codes/x.png", headers=one) for one in headers]
    assert [answer.status_code for answer in answers] == [422, 422, 429]


def test_the_log_tells_of_each_peer_once_and_of_a_bounded_number():
    lines = []

    class Log:
        def warning(self, event, **fields):
            lines.append((event, fields["peer"]))

    record = doubt_recorder(Log())
    for number in range(2 * MOST_DOUBTS):
        for _ in range(3):
            record(f"10.0.0.{number}", "why")
    assert lines == [("proxy_doubted", f"10.0.0.{number}") for number in range(MOST_DOUBTS)]


CONFIGS = {
    (): "proxies: none trusted, X-Forwarded-For is not read; behind a proxy set TRUSTED_PROXIES",
    ("10.0.0.0/8", "192.0.2.1/32"): "proxies: X-Forwarded-For is read from 10.0.0.0/8, 192.0.2.1/32",
    ("10.0.0.0/8", "0.0.0.0/0"): "proxies: TRUSTED_PROXIES has 0.0.0.0/0, so that every caller",
    ("::/0",): "proxies: TRUSTED_PROXIES has ::/0, so that every caller",
    ("::ffff:0:0/96",): "proxies: TRUSTED_PROXIES has ::ffff:0:0/96, so that every caller",
}


@pytest.mark.parametrize("trusted", CONFIGS, ids=str)
def test_the_check_says_in_a_line_what_is_believed(trusted):
    line = proxies_line(trusted)
    assert line.startswith(CONFIGS[trusted])
    assert "\n" not in line


async def test_check_config_prints_that_line(tmp_path):
    _, out, _ = await command("check-config", "--no-token-check", env=environment(tmp_path))
    assert [line for line in out.splitlines() if line.startswith(CONFIGS[()])]
    assert KEY not in out
