"""Codes of any scheme explained: which scheme it is, what stands in it, and every problem. No terminal, no colours.

READERS is the explicit tuple of the schemes whose codes the sandbox reads; the others it knows by their name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Final

import khqr
from bakong_schemes.promptpay import codec as promptpay
from bakong_schemes.promptpay.codec.json_form import said
from emvqr import Field, Node, Problem, Profile, Reading, check, detect, identifiers, read
from emvqr.detection import templates
from emvqr.names import name_of
from emvqr.profile import ACCOUNTS
from emvqr.profiles import PIX, VIETQR
from khqr import Mode, tags
from khqr.model import Timestamp
from khqr.profile import PROFILE as KHQR

CURRENCIES: Final = {
    "104": "MMK",
    "116": "KHR",
    "156": "CNY",
    "356": "INR",
    "360": "IDR",
    "418": "LAK",
    "458": "MYR",
    "608": "PHP",
    "702": "SGD",
    "704": "VND",
    "764": "THB",
    "840": "USD",
    "986": "BRL",
}
_MEANINGS = {("01", "11"): "static: the payer enters the amount", ("01", "12"): "dynamic: for one payment"} | {
    ("53", number): code for number, code in CURRENCIES.items()
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one scheme says of a code: whether it is valid, what it says in the scheme's words, and the problems."""

    scheme: str
    title: str
    is_valid: bool
    says: dict[str, Any]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One object of a code, for people."""

    path: str
    at: int
    name: str
    value: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A text explained. judgements: one for each scheme whose template it holds; none where no scheme is known.

    problems: those of EMVCo's core alone. is_valid: by every scheme that can be read here, else by the core.
    """

    text: str
    lines: tuple[Line, ...]
    judgements: tuple[Judgement, ...]
    problems: tuple[Problem, ...]
    is_valid: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "valid": self.is_valid,
            "schemes": [
                {"scheme": one.scheme, "title": one.title, "valid": one.is_valid, "says": one.says}
                | {"problems": [asdict(problem) for problem in one.problems]}
                for one in self.judgements
            ],
            "fields": [asdict(line) for line in self.lines],
            "problems": [asdict(problem) for problem in self.problems],
        }


@dataclass(frozen=True, slots=True)
class Reader:
    """How the codes of one scheme are read: its table, for the names; and what judges a text."""

    profile: Profile
    judge: "Callable[[str, _How], tuple[bool, dict[str, Any], tuple[Problem, ...]]]"
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _How:
    lenient: bool
    now: Timestamp | None


def explain(text: str, *, lenient: bool = False, now: Timestamp | None = None) -> Explanation:
    """Everything that can be said of text, valid or not. now: for codes that expire; by default the system's.

    >>> explain("00020101021129370016A000000677010111011300668012345675802TH530376463046197").judgements[0].scheme
    'promptpay'
    """
    inspection = promptpay.inspect(text, lenient=lenient)
    if not inspection.is_payment:
        return _of_no_payment(inspection)
    reading = read(text)
    schemes = detect(reading.nodes)
    readers = {reader.profile.name: reader for reader in READERS}
    how = _How(lenient, now)
    judgements = tuple(
        Judgement(name, identifiers.TITLES[name], *readers[name].judge(text, how))
        for name in schemes
        if name in readers
    )
    judgements += tuple(
        Judgement(name, identifiers.TITLES[name], not reading.faults, {}, ()) for name in schemes if name not in readers
    )
    lines = tuple(_lines(reading, [readers[name] for name in schemes if name in readers]))
    is_valid = all(one.is_valid for one in judgements) if judgements else not reading.faults
    return Explanation(text, lines, judgements, reading.problems, is_valid)


def _of_no_payment(inspection: promptpay.Inspection) -> Explanation:
    """A slip or a bill's barcode, which have another frame than payment codes."""
    says = said(inspection.payload) if inspection.payload else {}
    judgement = Judgement("promptpay", identifiers.TITLES["promptpay"], inspection.is_valid, says, inspection.problems)
    nodes = inspection.reading.nodes if inspection.reading else ()
    lines = tuple(Line(node.path, node.offset, "", _value(node)) for root in nodes for node in root.walk())
    return Explanation(inspection.text, lines, (judgement,), (), inspection.is_valid)


def _lines(reading: Reading, readers: list[Reader]) -> Iterator[Line]:
    names: dict[str, str] = {}
    for reader in readers:
        names = _names(reader, reading) | names
        reading = reading if reading.faults else read(reading.text, reader.profile.frame)
    for root in reading.nodes:
        for node in root.walk():
            name = names.get(node.path) or name_of(node.path) or "not known"
            yield Line(node.path, node.offset, name, _value(node), _MEANINGS.get((node.path, node.value), ""))


def _value(node: Node) -> str:
    return "" if node.children else node.value


def _names(reader: Reader, reading: Reading) -> dict[str, str]:
    """What the table calls the fields, by path; of the accounts those that are the scheme's own."""
    profile = reader.profile
    names = {path: name for path, name in reader.names.items() if path[:2] not in ACCOUNTS}
    for node in templates(reading.nodes, profile.identifier):
        if account := profile.account_of(node):
            names[node.tag] = f"{profile.name}: {account.kind.replace('_', ' ')}"
            names |= _called(account.fields, f"{node.tag}.")
    return _called(profile.fields, "") | names


def _called(fields: Iterable[Field], prefix: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for each in fields:
        names[f"{prefix}{each.tag}"] = each.name.replace("_", " ")
        names |= _called(each.fields, f"{prefix}{each.tag}.")
    return names


def _by_khqr(text: str, how: _How) -> tuple[bool, dict[str, Any], tuple[Problem, ...]]:
    verdict = khqr.verify(text, now=how.now, mode=Mode.LENIENT if how.lenient else Mode.STRICT)
    problems = tuple(
        Problem(each.rule, each.message, each.offset if each.offset is not None else len(text), each.tag or "", warns)
        for some, warns in ((verdict.problems, False), (verdict.forgiven, True))
        for each in some
    )
    try:
        payload = khqr.decode(text, mode=Mode.LENIENT)
    except khqr.DecodeError:
        return verdict.is_valid, {}, problems
    says = {name: _plain(value) for name, value in asdict(payload.payee).items() if value is not None}
    return verdict.is_valid, {"kind": type(payload.payee).__name__.lower(), **says}, problems


def _by_promptpay(text: str, how: _How) -> tuple[bool, dict[str, Any], tuple[Problem, ...]]:
    inspection = promptpay.inspect(text, lenient=how.lenient)
    return inspection.is_valid, said(inspection.payload) if inspection.payload else {}, inspection.problems


def _by_table(profile: Profile) -> "Callable[[str, _How], tuple[bool, dict[str, Any], tuple[Problem, ...]]]":
    def judge(text: str, how: _How) -> tuple[bool, dict[str, Any], tuple[Problem, ...]]:
        facts = check(profile, text, lenient=how.lenient)
        amount = {"amount": str(facts.amount)} if facts.amount is not None else {}
        kind = {"kind": facts.account.kind} if facts.account else {}
        return not facts.faults, kind | facts.values | amount, facts.problems

    return judge


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


READERS: Final = (
    Reader(KHQR, _by_khqr, tags.NAMES),
    Reader(promptpay.PROFILE, _by_promptpay),
    Reader(VIETQR, _by_table(VIETQR)),
    Reader(PIX, _by_table(PIX)),
)
