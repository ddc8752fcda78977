"""Rules of what an encoder takes and refuses: limits, amounts, what must be there. Knows the limits from khqr.tags."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.khqr.lines import Codec, Refused, Written
from bakong_conformance.khqr.payloads import DAY_MS, Payload, plain, shop
from bakong_conformance.khqr.reading import value
from bakong_conformance.rules import RuleBrokenError, Suite

SUITE = Suite("khqr")
rule = SUITE.rule

LIMITS = {
    "upiMerchantAccount": ("15", 99),
    "merchantName": ("59", 25),
    "merchantCity": ("60", 15),
    "accountInformation": ("29.01", 32),
    "acquiringBank": ("29.02", 32),
    "billNumber": ("62.01", 25),
    "mobileNumber": ("62.02", 25),
    "storeLabel": ("62.03", 25),
    "terminalLabel": ("62.07", 25),
    "purposeOfTransaction": ("62.08", 25),
}
KHMER_LIMITS = {"merchantName": 25, "merchantCity": 15, "billNumber": 25, "storeLabel": 25, "acquiringBank": 32}
SHOP_LIMITS = {"merchantID": ("30.01", 32), "acquiringBank": ("30.02", 32)}


def _refuses(codec: Codec, case: Case, payload: Payload, what: str) -> None:
    answer = codec.encode(case, payload)
    if isinstance(answer, Written):
        raise RuleBrokenError(f"{what} became the code {answer.qr!r}, expected a refusal")


def _dynamic(codec: Codec, **fields: Any) -> Payload:
    return plain(**{"amount": 1000, "expirationTimestamp": codec.now_ms + DAY_MS, **fields})


class _Filled(NamedTuple):
    """A payload with one field of a certain length, and where it should stand."""

    payload: Payload
    tag: str
    name: str
    text: str


def _filled(over: int) -> Iterator[_Filled]:
    """For each field a payload in which it is at its limit, or so far over it."""
    for make, limits in ((plain, LIMITS), (shop, SHOP_LIMITS)):
        for name, (tag, limit) in limits.items():
            text = ("ABCXYZ0189" * 11)[: limit + over]
            yield _Filled(make(**{name: text}), tag, name, text)


@rule(
    "limits.full",
    "A field may be as long as its limit",
    forbids="refusing or cutting a field at its limit",
)
def _full(codec: Codec, case: Case) -> None:
    """One field after the other at exactly its limit; it must stand in its tag whole."""
    for payload, tag, name, text in _filled(0):
        answer = codec.encode(case, payload)
        if isinstance(answer, Refused):
            raise RuleBrokenError(f"{name} of {len(text)} characters was refused: {answer.why}")
        if (encoded := value(answer.qr, tag)) != text:
            raise RuleBrokenError(f"tag {tag} is {encoded!r}, expected {name} {text!r}")


@rule(
    "limits.over",
    "A field over its limit is refused",
    forbids="taking, or silently cutting, a field that is too long",
)
def _over(codec: Codec, case: Case) -> None:
    """One field after the other, one and three characters over its limit."""
    for over in (1, 3):
        for payload, _, name, text in _filled(over):
            _refuses(codec, case, payload, f"{name} of {len(text)} characters")


@rule("limits.khmer", "25 Khmer letters fit into a name", forbids="limits counted in bytes")
def _khmer(codec: Codec, case: Case) -> None:
    """Every text at its limit in Khmer letters (25 are 75 bytes) is taken, one more letter refused."""
    for name, limit in KHMER_LIMITS.items():
        answer = codec.encode(case, plain(**{name: "ក" * limit}))
        if isinstance(answer, Refused):
            raise RuleBrokenError(f"{name} of {limit} Khmer letters was refused: {answer.why}")
        _refuses(codec, case, plain(**{name: "ក" * (limit + 1)}), f"{name} of {limit + 1} Khmer letters")


@rule(
    "limits.template",
    "A template holds at most 99 characters",
    forbids="a length of three digits, which no reader can follow",
)
def _template(codec: Codec, case: Case) -> None:
    """Templates 29, 30, 62 far over 99, and one over; at exactly 99 they are taken, where NBC's SDK reads them."""
    labels = ("billNumber", "mobileNumber", "storeLabel", "terminalLabel", "purposeOfTransaction")
    account = {"bakongAccountID": "a" * 27 + "@devb", "acquiringBank": "B" * 32}
    for payload in (
        plain(**dict.fromkeys(labels, "1" * 25)),
        plain(**account, accountInformation="I" * 32),
        shop(**account, merchantID="M" * 32),
        *(payload for payload, _ in _brimming(1)),
    ):
        _refuses(codec, case, payload, "a template of more than 99 characters")
    for payload, tag in _brimming(0):
        answer = codec.encode(case, payload)
        if isinstance(answer, Refused):
            raise RuleBrokenError(f"a template {tag} of exactly 99 characters was refused: {answer.why}")


def _brimming(over: int) -> tuple[tuple[Payload, str], ...]:
    """Payloads whose template, named by its tag, has 99 characters and so many more."""
    account = {"bakongAccountID": "a" * 20 + "@devb", "acquiringBank": "B" * 32}
    labels = {"billNumber": "1" * 25, "storeLabel": "2" * 25, "terminalLabel": "3" * 25}
    return (
        (plain(**labels, mobileNumber="0" * (8 + over)), "62"),
        (plain(**account, accountInformation="I" * (30 + over)), "29"),
        (shop(**account, merchantID="M" * (30 + over)), "30"),
    )


@rule(
    "language.limits",
    "Tag 64 keeps its limits: 2, 25 and 15 characters",
    forbids="taking or cutting a preference, name or city that is too long, or a preference without a name",
)
def _language(codec: Codec, case: Case) -> None:
    """Each field at its limit, in Khmer, and one over; then a preference alone, and a name alone."""
    full = {
        "languagePreference": "km",
        "merchantNameAlternateLanguage": "ក" * 25,
        "merchantCityAlternateLanguage": "ខ" * 15,
    }
    answer = codec.encode(case, plain(**full))
    if isinstance(answer, Refused):
        raise RuleBrokenError(f"the other language at its limits was refused: {answer.why}")
    for name, text in full.items():
        _refuses(codec, case, plain(**full | {name: text + "x"}), f"{name} of {len(text) + 1} characters")
    _refuses(codec, case, plain(languagePreference="km"), "a language preference without a name")
    answer = codec.encode(case, plain(merchantNameAlternateLanguage="សុខា"))
    if isinstance(answer, Written) and value(answer.qr, "64"):
        raise RuleBrokenError(f"a name without its language became the code {answer.qr!r}, expected a refusal")


@rule("account.form", "An account is user@bank, at most 32 characters", forbids="a code that pays nobody")
def _account(codec: Codec, case: Case) -> None:
    """No account, none without an at sign, none of 33 characters."""
    for account in ("", "sokha", "a" * 28 + "@devb"):
        _refuses(codec, case, plain(bakongAccountID=account), f"the account {account!r}")


@rule("required", "Name, shop's id and shop's bank must be there", forbids="a code without what it must carry")
def _required(codec: Codec, case: Case) -> None:
    """Each of them empty."""
    for payload, name in (
        (plain(merchantName=""), "merchantName"),
        (shop(merchantID=""), "merchantID"),
        (shop(acquiringBank=""), "acquiringBank"),
    ):
        _refuses(codec, case, payload, f"an empty {name}")


@rule("currency.others", "Only riel and dollars are taken", forbids="a code in a currency that Bakong does not know")
def _others(codec: Codec, case: Case) -> None:
    """Euro, baht and nonsense."""
    for currency in (978, 764, 1):
        _refuses(codec, case, plain(currency=currency), f"the currency {currency}")


@rule("unionpay.usd", "A UnionPay account takes no dollars", forbids="a UnionPay code that nobody can pay")
def _unionpay_usd(codec: Codec, case: Case) -> None:
    """An account of 31 digits in a code in dollars."""
    _refuses(codec, case, plain(currency=840, upiMerchantAccount="1" * 31), "a UnionPay account with dollars")


@rule("category.form", "A merchant category is digits", forbids="letters or more than four digits in tag 52")
def _category(codec: Codec, case: Case) -> None:
    """Letters, and five digits."""
    for category in ("59A9", "59999"):
        _refuses(codec, case, plain(merchantCategoryCode=category), f"the category {category!r}")


@rule(
    "amount.khr-decimals",
    "A fraction of a riel is refused",
    forbids="rounding, cutting or writing decimals of KHR",
    examples=15,
)
def _khr_decimals(codec: Codec, case: Case) -> None:
    """Amounts with one or two decimals in KHR."""
    whole, cents = case.draw(st.integers(0, 10_000), "riel"), case.draw(st.integers(1, 99), "hundredths")
    amount = whole + cents / 100
    _refuses(codec, case, _dynamic(codec, amount=amount), f"{amount} KHR")


@rule(
    "amount.usd-decimals",
    "A fraction of a cent is refused",
    forbids="rounding or writing more than two decimals of USD",
    examples=15,
)
def _usd_decimals(codec: Codec, case: Case) -> None:
    """Amounts with three decimals in USD."""
    mills = case.draw(st.integers(1, 999_999).filter(lambda number: number % 10), "thousandths")
    amount = mills / 1000
    _refuses(codec, case, _dynamic(codec, currency=840, amount=amount), f"{amount} USD")


@rule("amount.bounds", "An amount has at most 13 characters and no sign", forbids="amounts that tag 54 cannot hold")
def _bounds(codec: Codec, case: Case) -> None:
    """The largest of each currency is taken; one more digit, cents that make it longer, a negative one, refused."""
    _refuses(codec, case, _dynamic(codec, currency=840, amount=99999999999.9), "99999999999.90 USD, 14 characters,")
    for currency, largest, too_large in ((116, 9_999_999_999_999, 10**13), (840, 9999999999.99, 10**13)):
        answer = codec.encode(case, _dynamic(codec, currency=currency, amount=largest))
        if isinstance(answer, Refused):
            raise RuleBrokenError(f"the amount {largest} in {currency} was refused: {answer.why}")
        _refuses(codec, case, _dynamic(codec, currency=currency, amount=too_large), f"the amount {too_large}")
        _refuses(codec, case, _dynamic(codec, currency=currency, amount=-1), "the amount -1")


@rule(
    "expiry.required",
    "An amount needs an expiry",
    forbids="a dynamic code that never ends, which NBC's SDK calls invalid",
)
def _expiry_required(codec: Codec, case: Case) -> None:
    """An amount without an expirationTimestamp."""
    _refuses(codec, case, plain(amount=1000), "an amount without an expiry")


@rule("expiry.past", "An expiry before the creation is refused", forbids="a code that is born dead", examples=10)
def _past(codec: Codec, case: Case) -> None:
    """Expiries from one millisecond to a day ago; one at the creation itself is NBC's limit, and taken."""
    if not codec.own_clock:
        answer = codec.encode(case, _dynamic(codec, expirationTimestamp=codec.now_ms))
        if isinstance(answer, Refused):
            raise RuleBrokenError(f"an expiry at the creation was refused, NBC takes it: {answer.why}")
    ago = case.draw(st.integers(DAY_MS // 2 if codec.own_clock else 1, DAY_MS), "milliseconds ago")
    _refuses(codec, case, _dynamic(codec, expirationTimestamp=codec.now_ms - ago), f"an expiry {ago} ms ago")


@rule("expiry.form", "An expiry in seconds is refused", forbids="taking epoch seconds for milliseconds")
def _form(codec: Codec, case: Case) -> None:
    """An expiry of ten digits."""
    _refuses(codec, case, _dynamic(codec, expirationTimestamp=codec.now_ms // 1000 + 900), "an expiry of ten digits")
