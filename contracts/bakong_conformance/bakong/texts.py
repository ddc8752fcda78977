"""Rules of the texts that a transaction carries: accounts, banks and descriptions in Khmer letters, and long."""

from typing import Any

from bakong_conformance.bakong.subject import NOW_MS, Bakong, known
from bakong_conformance.case import Case
from bakong_conformance.rules import PreconditionError, Suite, require
from khqr import Code, Currency, Individual, encode

SUITE = Suite("bakong")
rule = SUITE.rule

CHECK, BY_HASH, DEEPLINK = "check_transaction_by_md5", "check_transaction_by_hash", "generate_deeplink_by_qr"
LONGEST = 32  # of an account
PAYERS = ("d" * (LONGEST - 5) + "@devb", "សុខា@ធនាគារ", "ស" * (LONGEST - 5) + "@devb")
DESCRIPTIONS = (  # each payer's: markup and emoji; 300 bytes; what looks like an escape
    'ទិញ <b>"នំប៉័ង"</b> & កាហ្វេ \N{HOT BEVERAGE} \N{BREAD}',
    "ក" * 100,
    r"WG/PM/QR/0002454252220529 \u1780 é",
)
BALANCES = {"USD": "100000", "KHR": "100000000"}
NAMES: dict[str, str] = {  # what a code says of its shop, each as long as it may be
    "merchant_name": "ហាងលក់នំប៉័ងសុខា" + "ក" * 9,
    "merchant_city": "ភ្នំពេញ" + "ក" * 8,
    "acquiring_bank": "ធនាគារ" + "ក" * 26,
    "bill_number": "វិក្កយបត្រ",
    "store_label": "ហាង" + "ក" * 22,
}


def khmer(account: str) -> Code:
    """A code of a shop whose texts are Khmer and whose account is this."""
    shop = Individual(
        bakong_account_id=account,
        currency=Currency.USD,
        amount="1.5",
        expiration_timestamp=NOW_MS + 900_000,
        **NAMES,
    )
    return encode(shop, now=NOW_MS)


@rule(
    "found.texts",
    "Texts are whole, in whichever letters",
    forbids="Khmer letters that are lost, refused or counted as bytes, accounts and descriptions that are cut or lost",
)
def _texts(bakong: Bakong, case: Case) -> None:
    """Khmer codes of long accounts, by payers with long and with Khmer ones; found by md5 and by hash. Needs a fake."""
    bakong.need_fake()
    with bakong.session() as session:
        world = session.need_world()
        for number, (payer, description) in enumerate(zip(PAYERS, DESCRIPTIONS, strict=True)):
            payee = f"{number}{'s' * (LONGEST - 6)}@devb"
            made = khmer(payee)
            world.ask(case, "POST", "/accounts", {"account_id": payer, "balances": BALANCES})
            link = known(session.post(case, DEEPLINK, {"qr": made.qr}, token=""), DEEPLINK)
            require(link.get("responseCode") == 0, f"no link is made for a code in Khmer letters: {link.summary}")
            world.pay(case, made.qr, from_account=payer, description=description)
            expected = {"fromAccountId": payer, "toAccountId": payee, "description": description}
            data = _found(session.post(case, CHECK, {"md5": made.md5}).get("data"), "md5", expected)
            by_hash = session.post(case, BY_HASH, {"hash": data["hash"]}).get("data")
            _found(by_hash, "hash", expected)


def _found(data: Any, way: str, expected: dict[str, str]) -> dict[str, Any]:
    """The transaction. Raises RuleBrokenError where a text of it is not what it was, PreconditionError without one."""
    require(data, f"a code in Khmer letters was paid, and is not found by its {way}")
    if not isinstance(data, dict) or not isinstance(data.get("hash"), str):
        raise PreconditionError(f"found by its {way}, a transaction is {data!r}")
    for key, text in expected.items():
        require(data.get(key) == text, f"found by its {way}, {key} is {data.get(key)!r}, expected {text!r}")
    texts = {key: text for key, text in data.items() if isinstance(text, str)}
    spoilt = {key: text for key, text in texts.items() if "\ufffd" in text or "??" in text}
    require(not spoilt, f"found by its {way}, letters are lost: {spoilt}")
    return data
