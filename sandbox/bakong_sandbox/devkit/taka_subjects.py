"""What `verify bkash` and `verify nagad` hold to the rules: a server that runs, or a new world of a fake."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

from bakong_conformance.bkash import Bkash
from bakong_conformance.control import World, make_world
from bakong_conformance.http import call, client
from bakong_conformance.nagad import Nagad
from bakong_conformance.rules import CannotRunError, NotCheckedError, PreconditionError, RuleBrokenError
from bakong_conformance.service.taka_providers import wallets_of

V1, V2 = "/v1.2.0-beta", "/v2/tokenized-checkout"


class _Fake(NamedTuple):
    """A new world of a fake, and what it says of a scheme."""

    world: World
    url: str
    facts: Mapping[str, Any]

    def advance(self, seconds: float) -> None:
        self.world.advance(None, seconds)


@contextmanager
def bkash(
    given: Mapping[str, str], *, control: str | None, run: str, trust: ssl.SSLContext | None = None
) -> Iterator[Bkash]:
    """given: base_url, v2_url, username, password, app_key, app_secret, pin, otp. Raises CannotRunError.

    control: a fake's origin; then all of it comes from a new world of the fake.
    """
    with client(given["base_url"] or control or "", trust=trust) as http:
        if control is None:
            names = {"username": "username", "password": "password", "app_key": "appKey", "app_secret": "appSecret"}
            credentials = {theirs: given[ours] for ours, theirs in names.items()}
            made = Bkash(
                http, given["base_url"], credentials, given["v2_url"], pin=given["pin"], otp=given["otp"], run=run
            )
            yield made
            return
        with _world(control, "bkash", trust) as fake:
            base_url = str(given["base_url"] or fake.facts["baseUrl"]).rstrip("/")
            yield Bkash(
                http,
                base_url,
                fake.facts,
                given["v2_url"] or base_url.removesuffix(V1) + V2,
                control=fake.url,
                wallets=fake.facts.get("wallets", {}),
                pin=str(fake.facts.get("pin", "")),
                otp=str(fake.facts.get("otp", "")),
                advance=fake.advance,
                run=run,
            )


@contextmanager
def nagad(
    given: Mapping[str, str],
    *,
    control: str | None,
    run: str,
    wall_ms: Callable[[], int],
    trust: ssl.SSLContext | None = None,
) -> Iterator[Nagad]:
    """given: base_url, merchant, private_key, public_key, pin. Raises CannotRunError. control: as for bKash."""
    with client(given["base_url"] or control or "", trust=trust) as http:
        if control is None:
            keys = (given["private_key"], given["public_key"])
            yield Nagad(http, given["base_url"], given["merchant"], *keys, wall_ms, pin=given["pin"], run=run)
            return
        with _world(control, "nagad", trust) as fake:
            facts = fake.facts
            base_url = given["base_url"] or _nagad_base(control, fake)
            yield Nagad(
                http,
                base_url,
                str(facts["merchantId"]),
                str(facts["privateKey"]),
                str(facts["publicKey"]),
                fake.world.now_ms,
                control=fake.url,
                wallets=wallets_of(facts),
                pin=str(facts.get("pin", "")),
                advance=fake.advance,
                run=run,
            )


def _nagad_base(control: str, fake: _Fake) -> str:
    """Where a world's Nagad is: what its facts say, or the paths of the sandbox."""
    prefix = "" if fake.world.name == "default" else f"/w/{fake.world.name}"
    return str(fake.facts.get("baseUrl") or f"{control}{prefix}/nagad/remote-payment-gateway-1.0/api/dfs")


@contextmanager
def _world(control: str, scheme: str, trust: ssl.SSLContext | None) -> Iterator[_Fake]:
    with client(control, trust=trust) as http:
        try:
            world, _, _ = make_world(None, http)
        except (NotCheckedError, PreconditionError, RuleBrokenError, httpx.InvalidURL) as error:
            raise CannotRunError(f"{control} makes no world: {error}") from None
        try:
            answer = call(None, http, "GET", f"/sandbox/worlds/{world.name}/{scheme}")
            if answer.status != 200 or not isinstance(answer.body, dict):
                raise CannotRunError(f"{control} has no {scheme}: {answer.summary}")
            yield _Fake(world, f"{control}/sandbox/worlds/{world.name}", answer.body)
        finally:
            world.drop()
