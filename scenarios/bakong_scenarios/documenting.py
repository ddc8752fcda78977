"""The tables of docs/scenarios.md, made from the scripts and the words of every scheme."""

from collections.abc import Iterator, Mapping

from bakong_contracts.money import exponent
from bakong_scenarios.language import MEANINGS
from bakong_scenarios.library import LibraryEntry, ScriptLibrary
from bakong_scenarios.magic import AMOUNT_BASE, BILL_PREFIX
from bakong_scenarios.vocabulary import CONDITIONS, FAULTS, WEBHOOK_FAULTS, Parameter, Parameters
from bakong_scenarios.words import SchemeWords

BEGIN, END = "<!-- made by `python scripts/scenario_tables.py`: begin -->", "<!-- end -->"

SHOWN = 3  # of the currencies whose amounts name a script; the others of two decimals are alike


def tables(library: ScriptLibrary) -> str:
    """The tables between their marks: scripts, steps, faults, conditions, and the words of each scheme."""
    parts = [
        _scripts(library),
        _steps(library),
        _vocabulary("fault", FAULTS),
        _vocabulary("condition", CONDITIONS),
        _vocabulary("webhook fault", WEBHOOK_FAULTS),
        *(list(_words(words)) for words in library.words.values()),
    ]
    return "\n\n".join([BEGIN, *("\n".join(part) for part in parts), END])


def _scripts(library: ScriptLibrary) -> list[str]:
    rows = ["| script | of | bill number | amount | what happens |", "|---|---|---|---|---|"]
    return rows + [_script(library, entry) for entry in library.entries()]


def _script(library: ScriptLibrary, entry: LibraryEntry) -> str:
    script = entry.script
    currencies = dict.fromkeys(code for scheme in entry.schemes for code in library.words[scheme].currencies)
    amounts = [_amount(AMOUNT_BASE + (script.number or 0), currency) for currency in currencies]
    amount = ", ".join(amounts[:SHOWN]) + (", …" if len(amounts) > SHOWN else "")
    cells = (f"`{script.name}`", library.players(entry), f"`{BILL_PREFIX}{script.name.upper()}`", amount)
    return f"| {' | '.join(cells)} | {script.about} |"


def _amount(minor: int, currency: str) -> str:
    return f"{minor / 10 ** exponent(currency):,.{exponent(currency)}f} {currency}"


def _steps(library: ScriptLibrary) -> list[str]:
    rows = ["| step | what it means | schemes that play it |", "|---|---|---|"]
    for state, meaning in MEANINGS.items():
        players = [words.name for words in library.words.values() if state in words.steps]
        rows.append(f"| `{state}` | {meaning.about} | {', '.join(players) or 'none yet'} |")
    return rows


def _vocabulary(kind: str, words: Mapping[str, Parameters]) -> list[str]:
    rows = [f"| {kind} | its keys (and what they are when left out) |", "|---|---|"]
    return rows + [f"| `{word}` | {'; '.join(_key(*item) for item in keys.items())} |" for word, keys in words.items()]


def _words(words: SchemeWords) -> Iterator[str]:
    """What only this scheme's scripts may name."""
    yield from (f"| of {words.name} | its words |", "|---|---|")
    lists = {
        "endpoints": words.endpoints,
        "`check` is": words.checks[:1],
        "`checks` are": words.checks,
        "refusals: `refuse`, `as`": words.refusals,
        "pages: `http`, `body`": words.pages,
        "tracking statuses": words.tracking,
        "currencies": words.currencies,
    }
    for kind, named in lists.items():
        if named:
            yield f"| {kind} | {', '.join(f'`{word}`' for word in named)} |"
    yield f"| `until: midnight` in | UTC{words.utc_offset_ms / 3_600_000:+g} |"
    for fault, keys in words.own_faults.items():
        yield f"| fault `{fault}` | {'; '.join(_key(*item) for item in keys.items())} |"


def _key(name: str, parameter: Parameter) -> str:
    default = "" if parameter.default is None else f" ({_shown(parameter)})"
    kind = ", ".join(f"`{choice}`" for choice in parameter.choices) or parameter.kind
    return f"`{name}`{default}: {kind}"


def _shown(parameter: Parameter) -> str:
    is_time = parameter.kind in ("duration", "shift") and isinstance(parameter.default, int)
    return f"{parameter.default}ms" if is_time and parameter.default else str(parameter.default)
