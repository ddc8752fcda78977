"""What a scheme brings to the simulator, and what it is handed. The kernel must not import any scheme.

A world keeps each scheme's state in a place of its own, which `world.state(SCHEME)` gives with its type.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from bakong_scenarios import SchemeWords, Step
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.triggers import EventType, Trigger
from bakong_simulator.wire.reply import Reply

if TYPE_CHECKING:  # the hot path reaches no pydantic
    from bakong_simulator.control.scheme_control import SchemeControl
    from bakong_simulator.kernel.world import World
    from bakong_simulator.kernel.worlds import Worlds

MAX_BODY = 64 * 1024  # of a call; one byte more is handed on where there was more

State = TypeVar("State")


class Call(NamedTuple):
    """One call of a scheme's API.

    path: below the scheme's prefix, or below its world; the whole one, with its first "/", where no scheme bears its
    first segment: it came by the host's name, or is meant for the first scheme.
    token: the bearer's, or "". client: its address. scenario: the script that the call itself asks for, in a header.
    headers: those that the scheme reads beside these. query: as it was sent.
    """

    path: str
    method: str
    token: str
    body: bytes
    client: str = ""
    scenario: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    query: bytes = b""


class OpeningAccount(NamedTuple):
    """An account that is open in every new world, and what it holds in minor units."""

    account_id: str
    name: str
    balances: Mapping[str, int] = {}


class FakeScheme(Protocol[State]):
    """A payment scheme, as a world plays it. A scheme derives from this, and overrides what it does otherwise.

    words: what its scripts may name. scripts: the folder of those that only it plays.
    prefix: "/v1", where its calls begin. roots: further beginnings of two segments, such as "/v1/refunds", of which
    another scheme has the first; it is given the whole path then.
    base_url: in its place at the real one. hosts: the real one's names, for TLS,
    at which calls need no prefix.
    headers: those of a call that it reads, in lowercase, beside the bearer token; reads_host: also the host, where a
    call names one of its own.
    reference_name: what its API calls a payment's reference.
    issuer: the account that opening balances come from. payer: the one that scripts pay from.
    account_ids: a regular expression of its accounts' names. default_amounts: what is paid where an order names none.
    unknown_world: the reply to a call below a world that is not there.
    events: the webhooks that `trigger` brings about. event_data: where they hold their object, such as "data.object".
    documents: what is the same in every world and no call of the API: by path below the prefix, the reply to a method.
    """

    name: str
    words: SchemeWords
    scripts: Path | None = None
    prefix: str
    roots: tuple[str, ...] = ()
    reads_host: bool = False
    base_url: str
    hosts: tuple[str, ...]
    headers: frozenset[bytes] = frozenset()
    reference_name: str = "reference"
    currencies: tuple[str, ...]
    issuer: str
    payer: str
    accounts: tuple[OpeningAccount, ...]
    account_ids: str = r"\S+"
    default_amounts: Mapping[str, int]
    unknown_world: Reply = Reply(404, b"{}")
    documents: Mapping[str, Callable[[str], Reply]] = {}
    events: Sequence[EventType] = ()
    event_data: str = ""

    def new(self, world: "World", before: State | None) -> State:
        """The state in a world that begins; before: the one that it takes the place of, at a reset."""
        ...

    def world_of(self, worlds: "Worlds", call: Call) -> "World | None":
        """The world of a call that neither its path nor its host names, by a token or a key; None is unknown_world."""
        return worlds.by_token.get(call.token, worlds.default)

    def serve(self, world: "World", state: State, call: Call) -> Reply:
        """The reply to one call, which is in the journal then."""
        ...

    def reads(self, text: str) -> bool:  # noqa: ARG002  a default
        """Whether a code's text is of this scheme, be it right or wrong: for a payment that names no scheme."""
        return False

    def scan(self, text: str) -> Order:
        """The order in a code's text. Raises ScanError."""
        ...

    def reference_of(self, text: str) -> str:
        """A reference as the scheme writes it. Raises BodyError for what is none."""
        return text

    def meant(self, endpoint: str, status: int, body: bytes) -> str | None:  # noqa: ARG002  a default
        """In words, what a call was meant as whose body is not the endpoint's; None where nobody can tell."""
        return None

    def unclaimed_order(self, reference: str) -> Order | None:  # noqa: ARG002  a default
        """What a script pays under a reference whose code nobody has shown; None where it cannot be paid."""
        return None

    def payer_page(self, state: State, payment: Payment) -> str | None:  # noqa: ARG002  a default
        """Where its payer's browser approves it, as a path below its world; None where the scheme has no such page."""
        return None

    def check_payable(self, world: "World", state: State, order: Order, from_account: str) -> None:  # noqa: ARG002
        """Before a wallet pays: raises WorldError where its bank refuses, or nobody can pay the order any more."""
        return

    def moved(self, world: "World", state: State, payment: Payment, at: int) -> None:  # noqa: ARG002  a default
        """The settlement of this number is new, or its money went back: the time for receipts and webhooks."""
        return

    def changed(self, world: "World", state: State, payment: Payment, step: Step) -> None:  # noqa: ARG002  a default
        """A script's step that makes no settlement is about to take effect: a hold, an end, a dispute, a refund."""
        return

    def tracked(self, world: "World", state: State, payment: Payment, status: str) -> None:  # noqa: ARG002  a default
        """The newest settlement of a payment has reached a tracking status of its script."""
        return

    def webhook_secret(self, world: "World", state: State) -> str | None:  # noqa: ARG002  a default
        """What signs the webhooks of the account, whatever endpoint they go to; None: each endpoint has its own."""
        return None

    def trigger(self, world: "World", state: State, asked: Trigger) -> dict[str, str]:  # noqa: ARG002  a default
        """Do what one of `events` tells of, as a call of the API would, so that its object is there: ids by kind.

        It is checked that the event is one of the scheme's, and each field one of the event's. Raises BodyError and
        WorldError where a value cannot be.
        """
        raise BodyError(f"{self.name} has no events that can be triggered")

    def dump(self, state: State) -> Any:
        """The state as JSON values, but for what the payments hold."""
        ...

    def load(self, data: Any, payments: Sequence[Payment]) -> "Callable[[World], State]":
        """What makes the state of such a dump in a world. Raises BodyError, before anything has changed.

        payments: the scheme's, those whose code nobody has shown last.
        """
        ...

    def upgrade(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """A snapshot of an earlier version as one of this version; the first scheme of a world is asked."""
        return document

    def control(self) -> "SchemeControl | None":
        """What it adds to the control API; imported when that is built."""
        return None
