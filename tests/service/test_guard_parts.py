"""The guard's parts by themselves: whose address it is, and what is strict JSON."""

import pytest

from bakong_service.api.addresses import Proxies, rate_limit_network
from bakong_service.api.strict_json import JsonError, read

FORWARDED = [
    ("no proxy is trusted", (), "192.0.2.1", "203.0.113.9", "192.0.2.1"),
    ("the peer is no proxy", ("10.0.0.0/8",), "192.0.2.1", "203.0.113.9", "192.0.2.1"),
    ("one proxy", ("10.0.0.0/8",), "10.1.1.1", "203.0.113.9", "203.0.113.9"),
    ("a forged first word", ("10.0.0.0/8",), "10.1.1.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
    ("two proxies", ("10.0.0.0/8",), "10.1.1.1", "203.0.113.9, 10.2.2.2", "203.0.113.9"),
    ("no address", ("10.0.0.0/8",), "10.1.1.1", "203.0.113.9, junk", "10.1.1.1"),
    ("empty", ("10.0.0.0/8",), "10.1.1.1", "", "10.1.1.1"),
    ("IPv4 inside IPv6", ("10.0.0.0/8",), "::ffff:10.1.1.1", "203.0.113.9", "203.0.113.9"),
]


@pytest.mark.parametrize(
    ("networks", "peer", "header", "client"), [row[1:] for row in FORWARDED], ids=[row[0] for row in FORWARDED]
)
def test_a_forwarded_address_counts_only_from_a_trusted_proxy(networks, peer, header, client):
    assert Proxies(networks).client(peer, header) == client


def test_an_ipv6_customer_is_a_64_and_an_ipv4_one_an_address():
    assert rate_limit_network("2001:db8:1:2:3::4") == rate_limit_network("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert (rate_limit_network("192.0.2.1"), rate_limit_network("::ffff:192.0.2.1"), rate_limit_network("")) == (
        "192.0.2.1",
        "192.0.2.1",
        "unknown",
    )


def nested(depth, opening=b"[", closing=b"]"):
    return opening * depth + closing * depth


GOOD = [
    b"{}",
    b'{"a": [1, 2.5, -1e3, null, true, "\\u20ac"]}',
    b'"\\ud83d\\ude00"',
    nested(32),
    b'"' + b"[" * 100 + b'"',
]
BAD = [
    (b"{", "line 1, column 2"),
    (b'{"a": NaN}', "NaN is not a valid JSON number"),
    (b'{"a": -Infinity}', "-Infinity"),
    (b'{"a": 1, "a": 2}', "duplicate key 'a'"),
    (b'{"x": {"a": 1, "b": 1, "a": 2}}', "duplicate key 'a'"),
    (nested(33), "32 deep"),
    (nested(100), "32 deep"),
    (nested(100_000), "32 deep"),
    (nested(50_000, b'{"a":', b"}"), "32 deep"),
    (b"[" * 60_000, "32 deep"),
    (b'"' + b"[" * 10 + b'\\" ' + b"[" * 60, "not valid JSON"),
    (b'"\xff"', "byte 1 is not UTF-8"),
    (b'"\\ud800"', "surrogate"),
    (b'{"a": ' + b"9" * 5000 + b"}", "too long"),
    (b'{"a": 1} x', "not valid JSON"),
    (b'"a\nb"', "not valid JSON"),
    (b"\xef\xbb\xbf{}", "not valid JSON"),
]


@pytest.mark.parametrize("body", GOOD, ids=range(len(GOOD)))
def test_json_is_let_through(body):
    read(body)


@pytest.mark.parametrize(("body", "why"), BAD, ids=range(len(BAD)))
def test_what_is_no_strict_json_is_refused_with_the_reason(body, why):
    with pytest.raises(JsonError, match=why):
        read(body)
