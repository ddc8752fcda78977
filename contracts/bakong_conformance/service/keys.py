"""Rules of the API key. They come last: ten wrong keys may block an address for a while."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx

from bakong_conformance.case import Case
from bakong_conformance.http import Answer, call, client
from bakong_conformance.rules import NotCheckedError, PreconditionError, RuleBrokenError, Suite, require
from bakong_conformance.service.config import Blocking
from bakong_conformance.service.hooks import mapped, wait_for
from bakong_conformance.service.limiting import fire
from bakong_conformance.service.operation import fill
from bakong_conformance.service.subject import SECOND_KEY, Service, Subscription

SUITE = Suite("service")
rule = SUITE.rule
BLOCKED_S = 960
FORGOTTEN_S = 6 * 3600
IN_QUERY = ("api_key", "apikey", "api-key", "key", "token", "access_token")

Change = Callable[[str], str]
WRONG: dict[str, Change] = {
    "cut by a letter": lambda key: key[:-1],
    "one letter longer": lambda key: key + "x",
    "its first half": lambda key: key[: len(key) // 2],
    "another last letter": lambda key: key[:-1] + ("a" if key[-1] != "a" else "b"),
    "another first letter": lambda key: ("a" if key[0] != "a" else "b") + key[1:],
    "in another case": lambda key: key.swapcase() if key.swapcase() != key else key + "y",
}


def _key(service: Service) -> tuple[str, str, str]:
    """The header that carries the key, its text, and the key in it."""
    key = str(service.values.get("api_key", ""))
    for name, template in service.config.headers.items():
        text = str(fill(template, service.values))
        if key and key in text:
            return name, text, key
    raise NotCheckedError("no header of the configuration holds {api_key}")


@rule("key.missing", "Every call needs the key", forbids="an operation that answers without a key")
def _missing(service: Service, case: Case) -> None:
    """The header with an empty key, then each operation without the header; the health check is not asked."""
    service.wait(case, BLOCKED_S if service.config.time != "real" else 0)
    user = service.new_user()
    expected = (*service.config.refusals.unauthorized, 403)
    head, text, key = _key(service)
    empty = service.do(case, "status", headers={head: text.replace(key, "").strip()}, md5="0" * 32, id="none", user="u")
    require(empty.status in expected, f"an empty key was answered {empty.summary}")
    for name in service.config.operations:
        if name in ("set_time", "make_key", "revoke_key", "restart", "health"):
            continue
        values = {**service.order(user), "md5": "0" * 32, "id": "none", "md5s": ["0" * 32]}
        values |= {"timeout_ms": 1000, "interval_ms": 1000}
        answer = service.do(case, name, headers={}, **values)
        require(answer.status in expected, f"{name} without a key was answered {answer.summary}")
    service.wait(case, BLOCKED_S if service.config.time != "real" else 0)


@rule(
    "key.wrong",
    "Only the whole key counts",
    forbids="a key that is compared by its beginning, its length or without case",
)
def _wrong(service: Service, case: Case) -> None:
    """The key cut, longer, halved, and with a letter changed; then the right one."""
    name, text, key = _key(service)
    if service.config.time == "real" and service.config.blocking:
        raise NotCheckedError(f"wrong keys would block this address for {service.config.blocking.for_s} s of real time")
    service.wait(case, BLOCKED_S if service.config.time != "real" else 0)
    expected = (*service.config.refusals.unauthorized, 403)
    for what, change in WRONG.items():
        answer = service.do(
            case, "status", headers={name: text.replace(key, change(key))}, md5="0" * 32, id="none", user="u"
        )
        require(answer.status in expected, f"a key {what} was answered {answer.summary}")
    service.wait(case, BLOCKED_S if service.config.time != "real" else 0)
    answer = service.do(case, "status", md5="0" * 32, id="none", user="u")
    require(answer.status not in expected, f"the right key was answered {answer.summary}")


def wrong_key(service: Service) -> dict[str, str]:
    """Headers with a key that is wrong in its last letter. Raises NotCheckedError."""
    name, text, key = _key(service)
    return {name: text.replace(key, key[:-1] + ("a" if key[-1] != "a" else "b"))}


def _second(service: Service, case: Case) -> dict[str, str]:
    """The headers with another good key, which is made once. Raises NotCheckedError, PreconditionError."""
    if SECOND_KEY not in service.values:
        service.values[SECOND_KEY] = _make(service, case)
    name, text, key = _key(service)
    return {name: text.replace(key, service.values[SECOND_KEY])}


def another_key(service: Service, case: Case) -> tuple[dict[str, str], str]:
    """The headers of a caller that is new, and its key. Raises NotCheckedError, PreconditionError."""
    name, text, key = _key(service)
    made = _make(service, case)
    return {**fill(service.config.headers, service.values), name: text.replace(key, made)}, made


def _make(service: Service, case: Case) -> str:
    """A new key. Raises NotCheckedError, PreconditionError."""
    service.need("make_key")
    answer = service.do(case, "make_key")
    made = service.read("make_key", answer, "key")
    if not service.done("make_key", answer) or not isinstance(made, str):
        raise PreconditionError(f"make_key answered {answer.summary}")
    return made


def _unknown(service: Service, case: Case, headers: dict[str, str] | None = None) -> Answer:
    return service.do(case, "status", headers=headers, md5="0" * 32, id="none", user="u")


@rule("key.several", "A new key is good, and the old one stays good", forbids="a rotation that shuts callers out")
def _several(service: Service, case: Case) -> None:
    """A key is made; both are asked with."""
    headers = _second(service, case)
    refused = (*service.config.refusals.unauthorized, 403)
    for what, answer in (("new", _unknown(service, case, headers)), ("old", _unknown(service, case))):
        require(answer.status not in refused, f"the {what} key was answered {answer.summary}")


@rule("key.tenants", "A key sees its own payments only", forbids="one tenant's payment shown to another")
def _tenants(service: Service, case: Case) -> None:
    """A payment made with one key, asked for with another, alone, in the history and in a bulk check."""
    if not service.config.tenants:
        raise NotCheckedError("the configuration does not say that keys are tenants")
    payment = service.create(case)
    headers = _second(service, case)
    answer = service.do(case, "status", headers=headers, md5=payment.md5, id=payment.id, user=payment.user)
    expected = service.config.refusals.unknown
    require(
        answer.status in expected, f"another tenant's payment was answered {answer.summary}, expected one of {expected}"
    )
    if "history" in service.config.operations:
        answer = service.do(case, "history", headers=headers, user=payment.user)
        md5s = service.read("history", answer, "md5s") or []
        require(payment.md5 not in md5s, f"another tenant's payment is in the history: {answer.summary}")
    if "states" in getattr(service.config.operations.get("bulk_check"), "answer", ()):
        answer = service.do(case, "bulk_check", headers=headers, md5s=[payment.md5])
        states = [service.state(theirs) for theirs in service.read("bulk_check", answer, "states") or []]
        require(
            not set(states) & set(service.config.states),
            f"a bulk check shows another tenant's payment: {answer.summary}",
        )


@rule(
    "key.users",
    "A key knows its own users only",
    forbids="a plan that another tenant reads, changes, bills or pays for",
)
def _users(service: Service, case: Case) -> None:
    """Two users have a plan each; for another tenant their names are as one never heard of, and new customers."""
    if service.config.tenants != "plans":
        raise NotCheckedError("the configuration does not say that each key has users of its own: tenants: plans")
    service.need("subscription")
    headers = {**fill(service.config.headers, service.values), **_second(service, case)}
    plans = [plan for plan in (service.config.plans.full, service.config.plans.basic) if plan]
    users = [service.buy(case, plan=plan).user for plan in plans]
    before = [service.subscription(case, user) for user in users]
    nobody = service.new_user()
    for name in sorted({"subscription", "upgrade", "downgrade", "renew", "cancel"} & set(service.config.operations)):
        unheard = service.do(case, name, headers=headers, user=nobody)
        for user in users:
            answer = service.do(case, name, headers=headers, user=user)
            require(
                answer.status == unheard.status
                and (name != "subscription" or not service.read(name, answer, "active")),
                f"{name} for another tenant's user was answered {answer.summary}, for nobody's {unheard.summary}",
            )
    for user in users:
        answer = service.do(case, "create", headers=headers, **service.order(user))
        service.pay(case, service.made(answer, user, service.config.plans.basic, "USD"))
    service.settle(case)
    for user in users:
        answer = service.do(case, "subscription", headers=headers, user=user)
        active = service.read("subscription", answer, "active")
        require(bool(active), f"another tenant's user of the same name paid, and has no plan: {answer.summary}")
    after = [service.subscription(case, user) for user in users]
    require(after == before, f"users had {before}, and have {after} since another tenant's of the same names bought")


@rule(
    "key.apart",
    "Two tenants' users of one name change apart",
    forbids="a quote or a bill that two tenants share, a plan that ends or changes because another tenant's did",
)
def _apart(service: Service, case: Case) -> None:
    """One name has a plan under each of two keys: quoted and billed apart; the second is upgraded, then cancelled."""
    if service.config.tenants != "plans":
        raise NotCheckedError("the configuration does not say that each key has users of its own: tenants: plans")
    service.need("subscription")
    user, basic = service.new_user(), service.config.plans.basic
    ours, theirs = fill(service.config.headers, service.values), another_key(service, case)[0]
    for headers in (ours, theirs):
        answer = service.do(case, "create", headers=headers, **service.order(user))
        service.pay(case, service.made(answer, user, basic, "USD"))
        service.settle(case)
    before = service.subscription(case, user)
    if not before.active:
        raise NotCheckedError("a user who paid has no plan, which another rule names")
    service.wait(case, 3600)
    quoted = None
    for name in [name for name in ("renew", "upgrade") if name in service.config.operations]:
        first, second = (service.do(case, name, headers=headers, user=user) for headers in (ours, theirs))
        mine, other = (service.read(name, answer, "md5") for answer in (first, second))
        require(mine is None or mine != other, f"two tenants' users of one name share the code {mine} of {name}")
        quoted = service.made(second, user, basic, "USD", name) if name == "upgrade" and other else None
    if quoted is not None:
        service.pay(case, quoted)
        service.settle(case)
        _is_as_before(service, case, user, before, "was upgraded")
    if "cancel" in service.config.operations:
        service.do(case, "cancel", headers=theirs, user=user)
        _is_as_before(service, case, user, before, "was cancelled")


def _is_as_before(service: Service, case: Case, user: str, before: Subscription, what: str) -> None:
    after = service.subscription(case, user)
    require(after == before, f"another tenant's user of the same name {what}: {before} became {after}")


@rule("limit.each-key", "Each key has its own limit", forbids="one busy caller who shuts out all others")
def _each_key(service: Service, case: Case) -> None:
    """One key spends its minute; the other one is admitted."""
    if service.config.limit is None or service.config.time == "real":
        raise NotCheckedError("the configuration maps no limit, or has real time")
    headers = _second(service, case)
    for _ in range(service.config.limit.per_minute):
        _unknown(service, None, headers)  # type: ignore[arg-type]
    if _unknown(service, case, headers).status != 429:
        raise NotCheckedError("the limit does not hold at all, which another rule names")
    answer = _unknown(service, case)
    require(answer.status != 429, f"another key spent its minute, and this one was answered {answer.summary}")


@contextmanager
def _elsewhere(service: Service) -> Iterator[Service]:
    """The service as another address of this machine asks it. Raises NotCheckedError."""
    host = service.http.base_url.host
    if host != "127.0.0.1":
        raise NotCheckedError(f"no address but {host} can be bound here")
    with client(str(service.http.base_url), trust=service.trust, local_address="127.0.0.9") as http:
        other = Service(service.config, http, service.world, service.values, service.receiver)
        try:
            _unknown(other, Case())
        except RuleBrokenError:
            raise NotCheckedError("no other address of this machine can be bound") from None
        yield other


@rule(
    "limit.strangers",
    "Who has no key spends nobody's limit",
    forbids="a limit that is counted before the key is looked at, so that a stranger shuts everybody out",
)
def _strangers(service: Service, case: Case) -> None:
    """Another address spends a whole limit's calls with a wrong key; who has the right one is admitted."""
    if service.config.limit is None or service.config.time == "real":
        raise NotCheckedError("the configuration maps no limit, or has real time")
    name, text, key = _key(service)
    wrong = {name: text.replace(key, key[:-1] + ("a" if key[-1] != "a" else "b"))}
    with _elsewhere(service) as other:
        service.rest(case)
        stranger = replace(other, config=other.config.model_copy(update={"headers": wrong}))
        fire(stranger, service.config.limit, service.config.limit.per_minute)
    answer = _unknown(service, case)
    service.wait(case, BLOCKED_S)
    require(answer.status != 429, f"a stranger asked with a wrong key, and the right one was answered {answer.summary}")


def _blocking(service: Service) -> tuple[Blocking, str, str]:
    if service.config.blocking is None or service.config.time == "real":
        raise NotCheckedError("the configuration maps no blocking, or has real time")
    name, text, key = _key(service)
    return service.config.blocking, name, text.replace(key, key[:-1] + ("a" if key[-1] != "a" else "b"))


@rule(
    "key.blocks",
    "An address that guesses keys is shut out for a while",
    forbids="guessing without end, a block that a right key lifts, or one that never ends",
)
def _blocks(service: Service, case: Case) -> None:
    """Wrong keys up to the limit; then the right key is refused, until the time is over."""
    blocking, name, wrong = _blocking(service)
    service.wait(case, BLOCKED_S)
    for _ in range(blocking.tries - 1):
        _unknown(service, case, {name: wrong})
    answer = _unknown(service, case)
    require(
        answer.status not in (403, 429),
        f"after {blocking.tries - 1} wrong keys the right one is refused: {answer.summary}",
    )
    _unknown(service, case, {name: wrong})
    answer = _unknown(service, case)
    require(
        answer.status in (403, 429), f"after {blocking.tries} wrong keys the right one was answered {answer.summary}"
    )
    answer = service.do(case, "create", **service.order(service.new_user()))
    require(
        answer.status in (403, 429),
        f"after {blocking.tries} wrong keys in status an order was answered {answer.summary}",
    )
    service.wait(case, blocking.for_s - 10)
    answer = _unknown(service, case)
    require(answer.status in (403, 429), f"10 s before its end the block let pass: {answer.summary}")
    service.wait(case, 11)
    answer = _unknown(service, case)
    require(answer.status not in (403, 429), f"{blocking.for_s + 1} s after the last wrong key: {answer.summary}")


@rule(
    "key.blocks-the-guilty",
    "Only the address that guesses is shut out",
    forbids="shutting out all callers, or believing X-Forwarded-For of just anybody",
)
def _blocks_guilty(service: Service, case: Case) -> None:
    """Wrong keys from one address, each with another X-Forwarded-For; another address is served, the first is not."""
    blocking, name, wrong = _blocking(service)
    service.wait(case, BLOCKED_S)
    with _elsewhere(service) as other:
        for number in range(blocking.tries + 1):
            _unknown(other, case, {name: wrong, "x-forwarded-for": f"203.0.113.{number}"})
        answer = _unknown(other, case)
        require(
            answer.status in (403, 429),
            f"forged X-Forwarded-For hid {blocking.tries} wrong keys: {answer.summary}",
        )
        answer = _unknown(service, case)
        require(answer.status not in (403, 429), f"another address guessed, and this one was answered {answer.summary}")
    service.wait(case, BLOCKED_S)


@rule(
    "key.elsewhere",
    "The key counts in its header only",
    forbids="a key in the query, which every log and proxy on the way keeps",
)
def _in_query(service: Service, case: Case) -> None:
    """The right key in the query, under the usual names, and no header."""
    _, _, key = _key(service)
    service.wait(case, BLOCKED_S if service.config.time != "real" else 0)
    operation = service.operation("status")
    path = str(fill(operation.path, {**service.values, "md5": "0" * 32, "id": "none", "user": "u"}))
    query = "&".join(f"{name}={key}" for name in IN_QUERY)
    answer = call(case, service.http, operation.method, f"{path}{'&' if '?' in path else '?'}{query}")
    expected = (*service.config.refusals.unauthorized, 403)
    require(answer.status in expected, f"a key in the query was answered {answer.summary}")


@rule(
    "key.blocks-the-quick",
    "Wrong keys are forgotten in time",
    forbids="an address that is shut out for a few mistakes in a week",
)
def _blocks_quick(service: Service, case: Case) -> None:
    """One wrong key less than blocks; hours later another one; the right key is good."""
    blocking, name, wrong = _blocking(service)
    service.wait(case, BLOCKED_S)
    for _ in range(blocking.tries - 1):
        _unknown(service, case, {name: wrong})
    service.wait(case, blocking.for_s + FORGOTTEN_S)
    _unknown(service, case, {name: wrong})
    answer = _unknown(service, case)
    require(
        answer.status not in (403, 429), f"one wrong key, hours after the others: the right one got {answer.summary}"
    )
    service.wait(case, BLOCKED_S)


@rule(
    "idempotency.each-caller",
    "Each caller has its own idempotency keys",
    forbids="one tenant's payment for another, who chose the same key",
)
def _each_caller(service: Service, case: Case) -> None:
    """Two tenants send the same order under the same idempotency key."""
    if not service.config.tenants or service.config.idempotency_header is None:
        raise NotCheckedError("the configuration does not say that keys are tenants, or names no idempotency header")
    order, (name, _, _), second = service.order(service.new_user()), _key(service), _second(service, case)
    key, headers = f"key-{order['user']}", fill(service.config.headers, service.values)
    made = []
    for who in (headers, {**headers, name: second[name]}):
        answer = service.do(case, "create", headers=who, key=key, **order)
        service.need_another(case, answer, order, headers=who)
        require(
            service.done("create", answer), f"a tenant's order under a key of its own was answered {answer.summary}"
        )
        made.append(service.read("create", answer, "md5"))
    require(made[0] != made[1], f"another tenant's order under the same key was answered with the payment {made[0]}")


@rule("key.odd", "A key of any form is a wrong key", forbids="a 5xx for a key that is no text, or far too long")
def _odd(service: Service, case: Case) -> None:
    """Bytes that are no ASCII, no scheme, a scheme alone, another scheme, and 5,000 letters."""
    name, _, key = _key(service)
    if service.config.time == "real" and service.config.blocking:
        raise NotCheckedError(f"wrong keys would block this address for {service.config.blocking.for_s} s of real time")
    service.wait(case, BLOCKED_S if service.config.time != "real" else 0)
    operation = service.operation("status")
    path = str(fill(operation.path, {**service.values, "md5": "0" * 32, "id": "none", "user": "u"}))
    for value in (b"Bearer \xc3\xa9\xff", b"Bearer", b"\xe9", b"Basic " + key[:-1].encode(), b"Bearer " + b"k" * 5_000):
        try:
            status = service.http.request(operation.method, path, headers={name.encode(): value}).status_code
        except httpx.HTTPError as error:
            raise RuleBrokenError(f"the key {value[:20]!r} got no answer: {error}") from None
        case.note(f"{operation.method} {path} with {name}: {value[:20]!r}", status)
        require(400 <= status < 500, f"the key {value[:20]!r} was answered {status}")
    service.wait(case, BLOCKED_S if service.config.time != "real" else 0)


@rule(
    "key.revoked-open",
    "What was ordered under a key that was revoked since is paid all the same",
    forbids="a customer whose money nobody looks for, because keys were rotated while the code was open",
)
def _revoked_open(service: Service, case: Case) -> None:
    """A key of its own orders and is revoked; then the wallet pays, and the payment is told."""
    service.need("make_key", "revoke_key")
    mapped(service)
    headers, own = another_key(service, case)
    user = service.new_user()
    answer = service.do(case, "create", headers=headers, **service.order(user))
    payment = service.made(answer, user, service.config.plans.basic, "USD")
    if not service.done("revoke_key", answer := service.do(case, "revoke_key", revoked=own)):
        raise PreconditionError(f"revoke_key answered {answer.summary}")
    service.pay(case, payment)
    service.wait(case, 300 if service.config.time != "real" else service.config.settle_s)
    require(wait_for(service, case, payment, "paid"), "its key was revoked while a code was open: paid, it is untold")


@rule("key.revoked", "A revoked key stops at once", forbids="a key that works on after it was revoked")
def _revoked(service: Service, case: Case) -> None:
    """Another key is used, revoked, and used again a second later. The last rule of keys: it ends the shared one."""
    service.need("revoke_key")
    headers = _second(service, case)
    made = service.values.pop(SECOND_KEY)
    _unknown(service, case, headers)
    if not service.done("revoke_key", answer := service.do(case, "revoke_key", revoked=made)):
        raise PreconditionError(f"revoke_key answered {answer.summary}")
    service.wait(case, 1)
    answer = _unknown(service, case, headers)
    expected = service.config.refusals.unauthorized
    require(answer.status in expected, f"a revoked key was answered {answer.summary}, expected one of {expected}")
