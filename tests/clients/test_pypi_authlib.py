"""PyPI authlib, unmodified: it gets and renews the token of a described bank, by the client credentials grant."""

import asyncio
import json

import pytest
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from bakong_schemes.generic.fake import GENERIC
from tests.schemes.stories import signed_for_generic


def session(stack, secret=None):
    keys = stack.worlds.default.state(GENERIC).credentials
    made = OAuth2Session(keys["client_id"], secret or keys["client_secret"])
    made.trust_env = False
    return made


async def token_of(bank, stack):
    url = f"{stack.bakong_url}/generic/oauth/token"
    return await asyncio.to_thread(bank.fetch_token, url, grant_type="client_credentials")


async def send(bank, stack, method, path, body=None):
    """A call with the bank's own signature, and the token that the client shows by itself."""
    raw = b"" if body is None else json.dumps(body).encode()
    headers = signed_for_generic(stack.worlds.default, method, path, raw)
    del headers["authorization"]
    url = f"{stack.bakong_url}/generic{path}"
    return await asyncio.to_thread(bank.request, method, url, data=raw, headers=headers)


async def test_it_gets_a_token_makes_a_payment_and_sees_it_paid(stack, control):
    bank = session(stack)
    token = await token_of(bank, stack)
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 1800)
    body = {"order_no": "A-1", "amount": "20.00", "currency": "THB"}
    made = (await send(bank, stack, "POST", "/payments", body)).json()
    assert made["status"] == "PENDING"
    await control.post("/payments", json={"scheme": "generic", "qr": made["qr_text"]})
    shown = (await send(bank, stack, "GET", f"/payments/{made['payment_id']}")).json()
    assert (shown["status"], shown["amount"]) == ("PAID", "20.00")


async def test_a_wrong_secret_gets_none(stack):
    with pytest.raises(OAuthError, match="E401"):
        await token_of(session(stack, "another"), stack)
    assert not stack.worlds.default.state(GENERIC).tokens
