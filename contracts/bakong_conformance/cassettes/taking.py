"""Taking answers of a Bakong: which read-only calls, in which order, within a budget.

The calls of a payment that is given come first, then those that need nothing; the list ends where the budget does, and
where every further answer would be the same: from abroad, or with the day's quota spent.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict

from bakong_conformance.cassettes import vocabulary as known
from bakong_conformance.cassettes.cassette import (
    GIVEN,
    QUERY,
    Answer,
    Cassette,
    CassetteError,
    Exchange,
    Request,
    Token,
    content_of,
    write,
)
from bakong_conformance.cassettes.masking import Masker, claims
from bakong_schemes.bakong.wire.codes import DAILY_QUOTA

MD5, HASH, ACCOUNT = "check_transaction_by_md5", "check_transaction_by_hash", "check_bakong_account"


class Targets(BaseModel):
    """What is asked about besides what nobody has; private: further values that must not be seen, such as names."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    md5s: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    private: tuple[str, ...] = ()


class Call(NamedTuple):
    """One call to make. raw: the body where it is not JSON."""

    name: str
    endpoint: str
    body: Any = None
    token: Token = GIVEN
    raw: bytes | None = None

    def content(self) -> bytes:
        return json.dumps(self.body).encode() if self.raw is None else self.raw


class Take(NamedTuple):
    """One call that was made, and what came back, as it was; where nothing did, silence says what happened."""

    call: Call
    answer: httpx.Response | None
    silence: str | None = None
    latency_ms: int = 0
    method: str = "POST"

    @property
    def json(self) -> Any:
        """The answer's JSON, or None."""
        try:
            return None if self.answer is None else json.loads(self.answer.content)
        except (ValueError, RecursionError):
            return None


def about(targets: Targets) -> Iterator[Call]:
    """The calls about what was given."""
    for number, md5 in enumerate(targets.md5s, 1):
        yield Call(f"md5 {number}", MD5, {"md5": md5})
    for number, hash_ in enumerate(targets.hashes, 1):
        yield Call(f"hash {number}", HASH, {"hash": hash_})
    for number, account in enumerate(targets.accounts, 1):
        yield Call(f"account {number}", ACCOUNT, {"accountId": account}, "none")
    if targets.md5s:
        asked = [known.OTHER_MD5S[0], *targets.md5s[:48], known.UNKNOWN_MD5]
        yield Call("list of the md5s", f"{MD5}_list", asked)
    if targets.hashes:
        yield Call("list of the hashes", f"{HASH}_list", [*targets.hashes[:49], known.UNKNOWN_HASH])


def following(transaction: dict[str, Any]) -> Iterator[Call]:
    """The other ways to ask for a transaction that was found."""
    if isinstance(transaction.get("hash"), str):
        yield Call("by its hash", HASH, {"hash": transaction["hash"]})
        short = {
            "hash": transaction["hash"][:8],
            "amount": transaction.get("amount"),
            "currency": transaction.get("currency"),
        }
        yield Call("by its short hash", "check_transaction_by_short_hash", short)
    if isinstance(transaction.get("externalRef"), str):
        yield Call(
            "by its external ref", "check_transaction_by_external_ref", {"externalRef": transaction["externalRef"]}
        )


_LIST = [*known.OTHER_MD5S, known.UNKNOWN_MD5, known.OTHER_MD5S[0]]
_UNKNOWN_SHORT = {"hash": known.UNKNOWN_HASH[:8], "amount": 1, "currency": "USD"}
UNKNOWN = (
    Call("unknown md5", MD5, {"md5": known.UNKNOWN_MD5}),
    Call("no token", MD5, {"md5": known.UNKNOWN_MD5}, "none"),
    Call("cut token", MD5, {"md5": known.UNKNOWN_MD5}, "cut"),
    Call("unknown account", ACCOUNT, {"accountId": known.UNKNOWN_ACCOUNT}),
    Call("unknown account, no token", ACCOUNT, {"accountId": known.UNKNOWN_ACCOUNT}, "none"),
    Call("malformed account", ACCOUNT, {"accountId": known.NO_ACCOUNT}),
    Call("missing field", MD5, {}),
    Call("unknown hash", HASH, {"hash": known.UNKNOWN_HASH}),
    Call("unknown e-mail", "renew_token", {"email": known.UNKNOWN_EMAIL}, "none"),
    Call("list of unknown md5s", f"{MD5}_list", _LIST),
    Call("list of an unknown hash", f"{HASH}_list", [known.UNKNOWN_HASH]),
    Call("unknown short hash", "check_transaction_by_short_hash", _UNKNOWN_SHORT),
    Call("unknown external ref", "check_transaction_by_external_ref", {"externalRef": known.UNKNOWN_REFERENCE}),
    Call("unknown instruction ref", "check_transaction_by_instruction_ref", {"instructionRef": "nobody"}),
    Call("token in the query", MD5, {"md5": known.UNKNOWN_MD5}, "query"),
    Call("empty body", MD5, raw=b""),
    Call("cut body", MD5, raw=b"{"),
    Call("null body", MD5, raw=b"null"),
    Call("bare text", MD5, raw=f'"{known.BARE_MD5}"'.encode()),
)


@dataclass(slots=True)
class Recorder:
    """A Bakong that is asked, never more often than the budget allows. A call without an answer is spent too."""

    http: httpx.Client
    token: str
    budget: int
    monotonic: Callable[[], float] = lambda: 0.0
    takes: list[Take] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def record(self, targets: Targets) -> None:
        """Ask about what was given, then what is unknown."""
        for call in about(targets):
            self._ask(call)
        transaction = next(
            (data for take in self.takes if isinstance(data := _data(take), dict) and "hash" in data), None
        )
        for call in (*(following(transaction) if transaction else ()), *UNKNOWN):
            self._ask(call)

    def _ask(self, call: Call) -> None:
        why = self._why_not()
        if why:
            self.left_out.append(f"{call.name}: {why}")
            return
        headers = {"content-type": "application/json"} | _authorization(call.token, self.token)
        begun = self.monotonic()
        query = {"token": self.token} if call.token == QUERY else None
        try:
            path = f"v1/{call.endpoint}"
            answer = self.http.post(path, content=call.content(), headers=headers, params=query)
        except httpx.HTTPError as error:
            self.takes.append(Take(call, None, _silence(error)))
        else:
            self.takes.append(Take(call, answer, latency_ms=round((self.monotonic() - begun) * 1000)))

    def _why_not(self) -> str:
        if len(self.takes) >= self.budget:
            return f"the budget of {self.budget} calls is spent"
        if self.takes and _is_blocked(self.takes[0]):
            return "the edge answers 403, as it does outside Cambodia"
        if self.takes and _code(self.takes[-1]) == DAILY_QUOTA.number:
            return "the day's quota is spent"
        return ""


def _authorization(kind: Token, token: str) -> dict[str, str]:
    shown = {"given": token, "cut": token[:-1]}.get(kind)
    return {"authorization": f"Bearer {shown}"} if shown else {}


def _silence(error: httpx.HTTPError) -> str:
    """What happened in the place of an answer, without the address that an error's text may hold."""
    return "timed out" if isinstance(error, httpx.TimeoutException) else type(error).__name__


def _data(take: Take) -> Any:
    return take.json.get("data") if isinstance(take.json, dict) else None


def _code(take: Take) -> Any:
    return take.json.get("errorCode") if isinstance(take.json, dict) else None


def _is_blocked(take: Take) -> bool:
    return take.answer is not None and take.answer.status_code == 403 and take.json is None


def private_values(token: str, targets: Targets) -> set[str]:
    """Everything in what was given that must not be seen: also a token's parts, an account's name, a short hash."""
    accounts = {part for account in targets.accounts for part in (account, account.partition("@")[0])}
    hashes = {part for hash_ in targets.hashes for part in (hash_, hash_[:8])}
    parts = token.split(".")[1:]  # all tokens begin alike
    return {token, *parts, *claims(token), *targets.md5s, *hashes, *accounts, *targets.private} - {""}


def cassette_of(
    takes: Iterable[Take], masker: Masker, *, base_url: str, recorded: str, budget: int, left_out: Iterable[str] = ()
) -> Cassette:
    """The takes as a cassette, masked. Raises CassetteError where a private value would still be seen."""
    takes = list(takes)
    for take in takes:
        masker.learn(content_of(take.call.content()).get("body"))
        masker.learn(take.json)
    host = urlsplit(base_url).hostname or ""
    made = Cassette(
        host=host if host.endswith(known.HOSTS) else "elsewhere",
        recorded=recorded,
        budget=budget,
        spent=len(takes),
        left_out=list(left_out),
        exchanges=[_exchange(take, masker) for take in takes],
    )
    if masker.betrays(write(made)):
        raise CassetteError("a private value would still be seen in the cassette: nothing was written")
    return made


def _exchange(take: Take, masker: Masker) -> Exchange:
    call = take.call
    request = Request(
        endpoint=call.endpoint if call.endpoint.isidentifier() else masker.words(call.endpoint),
        method=take.method,
        token=call.token,
        **_masked(call.content(), masker),
    )
    if take.answer is None:
        return Exchange(name=call.name, request=request, silence=take.silence)
    kept = {name: take.answer.headers[name] for name in known.HEADERS if name in take.answer.headers}
    answer = Answer(
        status=take.answer.status_code,
        headers={name: masker.words(value) for name, value in kept.items()},
        latency_ms=take.latency_ms,
        **_masked(take.answer.content, masker),
    )
    return Exchange(name=call.name, request=request, answer=answer)


def _masked(raw: bytes, masker: Masker) -> dict[str, Any]:
    content = content_of(raw)
    if "body" in content:
        return {"body": masker.body(content["body"])}
    text = content["text"]
    is_probe = text in {call.raw.decode() for call in UNKNOWN if call.raw is not None}
    return {"text": text if is_probe else masker.words(text)}
