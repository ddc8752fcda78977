"""The tables of docs/scenarios.md, made from library and vocabulary. Prints them; a test holds the page to them."""

from bakong_scenarios.library import find, names
from bakong_scenarios.magic import AMOUNT_BASE, BILL_PREFIX
from bakong_scenarios.vocabulary import CONDITIONS, FAULTS, WEBHOOK_FAULTS, Parameter, Parameters

BEGIN, END = "<!-- made by `python -m bakong_scenarios.documenting`: begin -->", "<!-- end -->"


def tables() -> str:
    """The tables between their marks: scripts, faults, conditions, faults of webhooks."""
    words = {"fault": FAULTS, "condition": CONDITIONS, "webhook fault": WEBHOOK_FAULTS}
    rows = [row for kind, known in words.items() for row in ("", *_words(kind, known))]
    return "\n".join([BEGIN, "", *_scripts(), *rows, "", END])


def _scripts() -> list[str]:
    rows = ["| script | bill number | amount | what it tells |", "|---|---|---|---|"]
    for script in sorted(map(find, names()), key=lambda script: script.number or 0):
        minor = AMOUNT_BASE + (script.number or 0)
        amount = f"{minor // 100:,}.{minor % 100:02} USD, {minor:,} KHR"
        rows.append(f"| `{script.name}` | `{BILL_PREFIX}{script.name.upper()}` | {amount} | {script.about} |")
    return rows


def _words(kind: str, words: dict[str, Parameters]) -> list[str]:
    rows = [f"| {kind} | its keys (and what they are when left out) |", "|---|---|"]
    return rows + [f"| `{word}` | {'; '.join(_key(*item) for item in keys.items())} |" for word, keys in words.items()]


def _key(name: str, parameter: Parameter) -> str:
    default = "" if parameter.default is None else f" ({_shown(parameter)})"
    kind = ", ".join(f"`{choice}`" for choice in parameter.choices) or parameter.kind
    return f"`{name}`{default}: {kind}"


def _shown(parameter: Parameter) -> str:
    is_time = parameter.kind in ("duration", "shift") and isinstance(parameter.default, int)
    return f"{parameter.default}ms" if is_time and parameter.default else str(parameter.default)


if __name__ == "__main__":
    print(tables())  # noqa: T201  a program, here
