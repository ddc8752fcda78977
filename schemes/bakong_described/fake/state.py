"""What a described API knows of a world, and that as JSON values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bakong_described.description import Description
from bakong_simulator.kernel.errors import BodyError


@dataclass(slots=True)
class Record:
    """What the shop gave with a payment, beside its order. request: its fields, by name."""

    shop_reference: str
    request: dict[str, Any]
    created_ms: int
    description: str = ""
    callback_url: str = ""
    return_url: str = ""
    refund: str = ""


@dataclass(slots=True)
class DescribedState:
    """credentials: by name. tokens: issued, until when. slips: by their reference, the payment's and its settlement."""

    credentials: dict[str, str]
    tokens: dict[str, int] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    slips: dict[str, tuple[str, int]] = field(default_factory=dict)
    events: int = 0

    def reference_of(self, shop_reference: str) -> str | None:
        """The payment with a shop's own reference: the newest."""
        fits = (name for name, record in reversed(self.records.items()) if record.shop_reference == shop_reference)
        return next(fits, None)

    def slip_of(self, reference: str, at: int) -> str | None:
        return next((slip for slip, place in self.slips.items() if place == (reference, at)), None)


def credentials_of(description: Description, world: str) -> dict[str, str]:
    """What a shop is given in a world: the same whenever the world is made."""
    return {name: f"{description.name}_sandbox_{name}_{world}" for name in description.credentials}


def dump(state: DescribedState) -> dict[str, Any]:
    return asdict(state) | {"slips": {slip: list(place) for slip, place in state.slips.items()}}


def load(description: Description, data: Any) -> DescribedState:
    """Raises BodyError."""
    name = description.name
    match data:
        case {
            "credentials": dict(credentials),
            "tokens": dict(tokens),
            "records": dict(records),
            "slips": dict(slips),
            "events": int(events),
        } if set(credentials) == set(description.credentials) and _are(credentials, str) and _are(tokens, int):
            try:
                return DescribedState(
                    credentials,
                    tokens,
                    {reference: _record(row) for reference, row in records.items()},
                    {slip: _place(place) for slip, place in slips.items()},
                    events,
                )
            except (TypeError, ValueError) as error:
                raise BodyError(f"{name}: {error}") from None
    raise BodyError(
        f"{name}: expected its credentials ({', '.join(description.credentials)}), tokens, records, slips and events"
    )


def _are(rows: Mapping[str, Any], kind: type) -> bool:
    return all(type(value) is kind for value in rows.values())


_TEXTS = ("shop_reference", "description", "callback_url", "return_url", "refund")


def _record(row: Any) -> Record:
    record = Record(**row)
    if not all(isinstance(getattr(record, name), str) for name in _TEXTS) or not isinstance(record.created_ms, int):
        raise ValueError(f"records: read {row!r}, expected texts and a time")
    if not isinstance(record.request, dict):
        raise ValueError(f"records: read {record.request!r}, expected an object")  # noqa: TRY004  a value of a snapshot
    return record


def _place(place: Any) -> tuple[str, int]:
    match place:
        case [str(reference), int(at)]:
            return reference, at
    raise ValueError(f"slips: read {place!r}, expected a reference and a number")
