"""The tables of its API, which fake and adapter both read: endpoints, refusals, how payees and references are written.

There is no public API of PromptPay: a shop asks its bank, and each bank has an API of its own. This one is the
sandbox's, and holds what all of them have: which transfers came in under a reference, and whether a slip is genuine.
"""

import re
from typing import Final, NamedTuple

NAME: Final = "promptpay"
PREFIX: Final = "/promptpay"
CURRENCY: Final = "THB"
MAX_BODY: Final = 64 * 1024

# The bank of an account's name, by its three digits; only names on a slip depend on it.
BANKS: Final = {
    "002": "Bangkok Bank",
    "004": "Kasikornbank",
    "006": "Krungthai Bank",
    "011": "TMBThanachart Bank",
    "014": "Siam Commercial Bank",
    "025": "Bank of Ayudhya",
    "030": "Government Savings Bank",
}
TRUEMONEY: Final = "truemoney"

# Whom a code pays, as an account of the ledger: the id, "@" and the kind of proxy.
MOBILE, ID, EWALLET, BANK_ACCOUNT, BILLER = "mobile", "id", "ewallet", "account", "biller"
PAYEES: Final = {
    MOBILE: r"0[0-9]{9}",
    ID: r"[0-9]{13}",
    EWALLET: r"[0-9]{15}",
    TRUEMONEY: r"0[0-9]{9}",
    BANK_ACCOUNT: r"[0-9]{3}\.[0-9]{1,40}",
    BILLER: r"[0-9]{15}",
}
_PAYEE = "|".join(f"{form}@{kind}" for kind, form in PAYEES.items())
_REFERENCE = re.compile(
    rf"(?P<payee>{_PAYEE})(?::(?P<ref1>[A-Z0-9]{{1,20}}))?(?::(?P<ref2>[A-Z0-9]{{1,20}}))?"
    r"(?:=(?P<amount>[0-9]{1,10}\.[0-9]{2}))?",
    re.ASCII,
)


class Refusal(NamedTuple):
    """An error of the API: the HTTP status and the code in the body."""

    status: int
    code: str


REFUSALS: Final = {
    "unauthorized": Refusal(401, "unauthorized"),
    "not-found": Refusal(404, "not_found"),
    "invalid": Refusal(422, "invalid"),
    "slip-used": Refusal(409, "slip_used"),
    "busy": Refusal(503, "busy"),
}
LIST_TRANSFERS, GET_SLIP, CHECK_SLIP = "list_transfers", "get_slip", "check_slip"


class Reference(NamedTuple):
    """What a code asks for, in one text: `payee[:reference 1[:reference 2]][=amount]`, by which transfers are found."""

    payee: str
    ref1: str | None = None
    ref2: str | None = None
    amount: str | None = None

    def __str__(self) -> str:
        refs = "".join(f":{ref}" for ref in (self.ref1, self.ref2) if ref)
        return self.payee + refs + (f"={self.amount}" if self.amount else "")

    @property
    def kind(self) -> str:
        return self.payee.rpartition("@")[2]


def read_reference(text: str) -> Reference | None:
    """The reference that a text is; None where it has not the form.

    >>> read_reference("123456789012300@biller:REF1=49.50")
    Reference(payee='123456789012300@biller', ref1='REF1', ref2=None, amount='49.50')
    """
    form = _REFERENCE.fullmatch(text)
    if form is None:
        return None
    reference = Reference(**form.groupdict())
    return reference if (reference.kind == BILLER) == (reference.ref1 is not None) else None
