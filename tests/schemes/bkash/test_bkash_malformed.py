"""Whatever is sent to the fake bKash is answered, never with a 500, and leaves the books in order."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake.scheme import BKASH
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS

PATHS = [(method, path) for method, path in wire.PATHS] + [
    (method, f"{path}/TR0011x") for method, path in wire.PATHS_WITH_ID
]
FIELDS = (
    *("mode", "payerReference", "callbackURL", "amount", "currency", "intent", "merchantInvoiceNumber", "paymentID"),
    *("trxID", "agreementID", "sku", "reason", "paymentId", "trxId", "refundAmount", "app_key", "refresh_token"),
)
VALUES = st.one_of(
    st.sampled_from(["0011", "0000", "0001", "BDT", "sale", "10", "http://x", "TR0011x", "1e999", "9" * 400, "\ud800"]),
    st.text(max_size=20),
    st.none() | st.booleans() | st.integers() | st.floats(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=10).map(
        lambda body: json.dumps(body).encode("utf-8", "surrogatepass")
    ),
    st.just(b"[" * 2_000),
)


@pytest.fixture
def world():
    made = Worlds(lambda: NOW_MS, SCHEMES).default
    made.state(BKASH).tokens["t"] = 2**53
    return made


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    where=st.sampled_from([*PATHS, ("GET", "pay"), ("POST", "pay"), ("GET", "sns/"), ("PUT", "x/y")])
    | st.tuples(st.sampled_from(["GET", "POST", "HEAD", "DELETE"]), st.text(max_size=40)),
    body=BODIES,
    query=st.sampled_from(
        [b"", b"paymentId=TR&hash=x", b"Action=ConfirmSubscription&Token=x", b"%ff&&=;\xff", b"paymentId=x&" * 60]
    ),
    token=st.sampled_from(["t", "", "Bearer t", "é"]),
)
def test_anything_is_answered(world, where, body, query, token):
    method, path = where
    state = world.state(BKASH)
    names = {"authorization": token, "x-app-key": state.credentials.app_key, "host": "h", "username": "x"}
    headers = tuple((name.encode(), value.encode("latin-1")) for name, value in names.items())
    reply = BKASH.serve(world, state, Call(path, method, "", body, headers=headers, query=query))
    assert reply.status in (200, 302, 400, 401, 403, 404, 409, 429)
    assert not world.journal.failures
    assert world.ledger.sum("BDT") == 0
