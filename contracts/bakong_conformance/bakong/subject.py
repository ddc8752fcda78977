"""A Bakong under test: its URL, its token, and for a fake its control URL. Spends no more calls than its budget."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from bakong_conformance.case import Case
from bakong_conformance.cassettes.playing import NotRecordedError, Player
from bakong_conformance.control import MIDNIGHT, World, make_world
from bakong_conformance.http import Answer, call, client
from bakong_conformance.rules import CannotRunError, NotCheckedError, require
from khqr import Code, Currency, Individual, encode

UNKNOWN_MD5 = "0123456789abcdef0123456789abcdef"
KEYS = ("responseCode", "responseMessage", "errorCode", "data")
NOW_MS = 1_770_768_000_000  # the start of every world made here
MERCHANT = "sokha@devb"
PROFILES = ("current", "doc-1.0.2", "sit", "prod")


@dataclass(slots=True)
class Session:
    """A token at a Bakong, with the world behind it where it is a fake's."""

    bakong: "Bakong"
    http: httpx.Client
    prefix: str
    token: str
    world: World | None = None

    def post(self, case: Case, endpoint: str, body: Any, *, token: str | None = None, **how: Any) -> Answer:
        """One call; token "" sends no Authorization header. In safe mode none is made twice: rules share its answer."""
        given = self.token if token is None else token
        asked = f"{endpoint} {given} {json.dumps(body)} {how}"
        if (kept := self.bakong.kept.get(asked)) and self.bakong.control is None:
            case.note(f"POST /v1/{endpoint}, as asked before", kept.summary)
            return kept
        self.bakong.spend()
        headers = {"authorization": f"Bearer {given}"} if given else {}
        try:
            answer = call(case, self.http, "POST", f"{self.prefix}/v1/{endpoint}", headers=headers, body=body, **how)
        except NotRecordedError as error:
            raise NotCheckedError(f"the cassette holds no answer to {error}") from None
        if self.bakong.control is None:
            self.bakong.kept[asked] = answer
        return answer

    def need_world(self) -> World:
        if self.world is None:
            raise NotCheckedError("it needs a fake: give --control")
        return self.world


@dataclass(slots=True)
class Bakong:
    """control: the URL of a fake's control API; None is safe mode, read-only calls within the budget.

    paid_md5: a payment that was made, for what no safe mode can bring about. cassette: answers in its place.
    """

    base_url: str
    token: str
    control: str | None = None
    budget: int = 20
    profile: str = "current"
    spent: int = 0
    paid_md5: str = ""
    cassette: Player | None = None
    trust: ssl.SSLContext | None = None
    kept: dict[str, Answer] = field(default_factory=dict)

    def preflight(self) -> None:
        """Raises CannotRunError where nobody answers, or nothing that could be Bakong."""
        if self.cassette:
            return
        try:
            with client(self.control or self.base_url, timeout_s=10, trust=self.trust) as http:
                http.get("/sandbox/health" if self.control else "")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CannotRunError(f"{self.control or self.base_url} does not answer: {error}") from None

    def need_fake(self) -> None:
        """Before anything is asked. Raises NotCheckedError without a control API."""
        if self.control is None:
            raise NotCheckedError("it needs a fake: give --control")

    @property
    def left(self) -> int:
        """Calls that the budget still allows."""
        return self.budget - self.spent

    def spend(self) -> None:
        if self.control is None and self.cassette is None:
            if self.spent >= self.budget:
                raise NotCheckedError(f"the budget of {self.budget} calls is spent")
            self.spent += 1

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The real Bakong with its token; of a fake a new world, which ends with the context."""
        if self.control is None:
            with client(self.base_url, transport=self.cassette, trust=self.trust) as http:
                yield Session(self, http, "", self.token)
            return
        with client(self.control, trust=self.trust) as control:
            how = {} if self.profile == "current" else {"profile": self.profile}
            world, token, base_url = make_world(None, control, at=MIDNIGHT, **how)
            path = httpx.URL(base_url).path
            try:
                with client(self.base_url, trust=self.trust) as http:
                    yield Session(self, http, path, token, world)
            finally:
                world.drop()


def code(amount: str | None = "1.5", currency: Currency = Currency.USD, bill: str = "INV-1") -> Code:
    """A code that lives for 15 minutes from the start of a world."""
    payee = Individual(
        bakong_account_id=MERCHANT,
        merchant_name="Sokha",
        currency=currency,
        amount=amount,
        bill_number=bill,
        expiration_timestamp=None if amount is None else NOW_MS + 900_000,
    )
    return encode(payee, now=NOW_MS)


def known(answer: Answer, endpoint: str) -> Answer:
    """The answer of an endpoint that is there. Raises NotCheckedError for one that is not: another rule names that."""
    if answer.status == 404:
        raise NotCheckedError(f"the server has no /v1/{endpoint}")
    return answer


def refused(answer: Answer, number: int, status: int) -> None:
    """Whether the answer is this error code with this HTTP status, in a refusal's envelope."""
    require(answer.status == status, f"answered HTTP {answer.status}, expected {status}: {answer.summary}")
    require(
        answer.get("errorCode") == number,
        f"errorCode is {answer.get('errorCode')!r}, expected {number}: {answer.summary}",
    )
    response_code = answer.get("responseCode")
    require(
        response_code == 1, f"responseCode is {response_code!r} with errorCode {number}, expected 1: {answer.summary}"
    )
    require(answer.get("data") is None, f"a refusal carries data: {answer.summary}")


def transaction(answer: Answer | dict[str, Any]) -> dict[str, Any]:
    """The transaction in an answer or in a row of a list; empty where there is none."""
    data = answer.get("data")
    return data if isinstance(data, dict) else {}


def bodies(profile: str) -> dict[str, Any]:
    """For each check of a transaction that a profile answers, a body of its form that finds nothing."""
    nobody = "f" * 64
    by_endpoint = {
        "check_transaction_by_md5": {"md5": UNKNOWN_MD5},
        "check_transaction_by_hash": {"hash": nobody},
        "check_transaction_by_short_hash": {"hash": nobody[:8], "amount": 1.5, "currency": "USD"},
        "check_transaction_by_instruction_ref": {"instructionRef": "nobody"},
        "check_transaction_by_external_ref": {"externalRef": "100FT00000000000"},
        "check_transaction_by_md5_list": [UNKNOWN_MD5],
        "check_transaction_by_hash_list": [nobody],
    }
    if profile == "prod":
        del by_endpoint["check_transaction_by_md5_list"]  # nginx's 403 to everybody
    return by_endpoint
