"""What the fake keeps of a world: its settings, and a record of each object. Records know no JSON and no HTTP."""

from dataclasses import dataclass, field
from typing import Any, Literal

from bakong_schemes.paystack.fake.ids import FIRST_CUSTOMER, FIRST_ID, FIRST_REFUND

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """The switches for what the sources disagree on, or nobody has seen.

    unknown_reference_status: of a verify of a reference that is not there. initial_status: of what nobody has tried to
    pay. failed_payable: whether a declined transaction may be tried again. reversed_at: when a full refund makes a
    transaction reversed. per_page: how a list gives it back. refund_event: the documented fields, or those with the
    refund's id. new_authorization: whether each use of a card makes a new code. retries: the ladder of webhooks.
    fees: whether Paystack keeps any.
    """

    unknown_reference_status: Literal[400, 404] = 400
    initial_status: Literal["abandoned", "pending"] = "abandoned"
    failed_payable: bool = True
    reversed_at: Literal["processed", "created"] = "processed"
    per_page: Literal["number", "text"] = "number"
    refund_event: Literal["merged", "documented"] = "merged"
    new_authorization: bool = False
    retries: Literal["test", "live"] = "test"
    fees: Literal["standard", "none"] = "standard"


@dataclass(slots=True)
class Customer:
    """Whom an e-mail address, in lowercase, stands for."""

    id: int
    code: str
    email: str


@dataclass(slots=True)
class Authorization:
    """A card as a customer has used it, without its number. number: of a test instrument, "" for another card."""

    code: str
    email: str
    number: str
    bin: str
    last4: str
    exp_month: str
    exp_year: str
    channel: str
    brand: str
    bank: str
    country: str
    reusable: bool
    signature: str | None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a transaction's log. kind: action, success, error."""

    kind: str
    message: str
    at_ms: int


@dataclass(slots=True)
class Transaction:
    """One transaction. What its money has become is its payment's; see status.Status.

    origin: where the client met the API, and so where the pay page is. authorization: the code of the card that was
    used last. given: how many of the instrument's questions have been answered; asking: it waits for the next one.
    fee: what Paystack kept, once paid. response: the gateway's last word. refunds: their ids.
    """

    id: int
    reference: str
    access_code: str
    email: str
    amount: int
    currency: str
    created_ms: int
    origin: str
    metadata: Any = ""
    channels: list[str] = field(default_factory=list)
    callback_url: str | None = None
    ip: str | None = None
    authorization: str | None = None
    instrument: str = ""
    given: int = 0
    asking: bool = False
    response: str | None = None
    fee: int | None = None
    started_ms: int | None = None
    attempts: int = 0
    errors: int = 0
    history: list[Step] = field(default_factory=list)
    refunds: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Refund:
    """Money on its way back. due_ms: when it goes on; None where it has ended, or needs attention.

    ends: the status that it goes to after processing. moved: whether the money has gone back.
    """

    id: int
    reference: str
    amount: int
    created_ms: int
    updated_ms: int
    customer_note: str
    merchant_note: str
    by: str
    status: str = "pending"
    ends: str = "processed"
    due_ms: int | None = None
    moved: bool = False


@dataclass(slots=True)
class PaystackState:
    """What it knows of a world: objects by what they are looked up by, in the order of their creation.

    secret_key, public_key: by the world's name, and in no snapshot. references: by a transaction's id, pages: by its
    access code. volume: of all amounts, whatever became of them. paid: what was paid in each currency, and paid_count
    how often.
    """

    secret_key: str
    public_key: str
    callback_url: str | None = None
    settings: Settings = field(default_factory=Settings)
    next_id: int = FIRST_ID
    next_refund: int = FIRST_REFUND
    next_customer: int = FIRST_CUSTOMER
    volume: int = 0
    paid_count: int = 0
    paid: dict[str, int] = field(default_factory=dict)
    transactions: dict[str, Transaction] = field(default_factory=dict)
    references: dict[int, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    authorizations: dict[str, Authorization] = field(default_factory=dict)
    refunds: dict[int, Refund] = field(default_factory=dict)

    def add(self, transaction: Transaction) -> None:
        self.transactions[transaction.reference] = transaction
        self.references[transaction.id] = transaction.reference
        self.pages[transaction.access_code] = transaction.reference
        self.next_id += 1
        self.volume += transaction.amount

    def by_page(self, access_code: str) -> Transaction | None:
        reference = self.pages.get(access_code)
        return None if reference is None else self.transactions[reference]

    def refunds_of(self, transaction: Transaction) -> list[Refund]:
        return [self.refunds[number] for number in transaction.refunds]
