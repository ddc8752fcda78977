"""A report as one HTML page that needs nothing else: no script, no font, no picture from elsewhere."""

from html import escape

from bakong_conformance.rules import Outcome, Report, Verdict

_STYLE = """
:root { color-scheme: light dark; --ok: #18794e; --bad: #c62a2f; --not: #946800; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } p.facts { margin: 0 0 1rem; opacity: .75; }
.counts { display: flex; gap: 1rem; margin: 1rem 0 2rem; flex-wrap: wrap; }
.counts div { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; min-width: 7rem; }
.counts b { display: block; font-size: 1.75rem; line-height: 1.1; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; }
summary { padding: .5rem .75rem; cursor: pointer; display: flex; gap: .75rem; align-items: baseline; flex-wrap: wrap; }
summary::before { content: "▸"; opacity: .5; } details[open] > summary::before { content: "▾"; }
summary code { opacity: .65; margin-left: auto; }
.in { padding: 0 .75rem .75rem; border-top: 1px solid var(--line); }
.sign { font-weight: 700; min-width: 6.5rem; }
.holds .sign, .holds b { color: var(--ok); } .broken .sign, .broken b { color: var(--bad); }
.not-checked .sign, .not-checked b { color: var(--not); }
.counts .none b { color: inherit; opacity: .4; } p.verdict { font-weight: 600; margin: 0; }
pre { background: var(--soft); padding: .5rem .75rem; border-radius: .375rem; overflow-x: auto; white-space: pre-wrap;
      overflow-wrap: anywhere; font-size: .8125rem; }
dt { font-weight: 600; margin-top: .5rem; } dd { margin: 0; }
"""
_WORDS = {0: "What was checked holds.", 1: "Not every rule holds.", 2: "Nothing could be checked."}
_ORDER = (Verdict.BROKEN, Verdict.NOT_CHECKED, Verdict.HOLDS)


def as_html(report: Report) -> str:
    """The page: counts, then every rule, the broken ones first and open."""
    facts = [report.subject, f"profile {report.profile}", f"seed {report.seed}", f"{report.seconds:.1f} s"]
    facts += [f"{name}: {value}" for name, value in report.facts]
    rows = [_rule(outcome) for verdict in _ORDER for outcome in report.by(verdict)]
    counts = "".join(
        f'<div class="{_class(verdict)}{"" if report.by(verdict) else " none"}"><b>{len(report.by(verdict))}</b>'
        f"{verdict.value}</div>"
        for verdict in _ORDER
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>verify {escape(report.suite)}: {escape(report.subject)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>verify {escape(report.suite)}</h1><p class=verdict>{_WORDS[report.exit_code]}</p>"
        f"<p class=facts>{escape(' · '.join(facts))}</p>"
        f'<div class="counts">{counts}</div>{"".join(rows)}</body></html>\n'
    )


def _class(verdict: Verdict) -> str:
    return verdict.value.replace(" ", "-")


def _rule(outcome: Outcome) -> str:
    rule = outcome.rule
    opened = " open" if outcome.verdict is Verdict.BROKEN else ""
    cases = f"{outcome.cases} cases" if outcome.cases != 1 else "1 case"
    shown = [("It forbids", escape(rule.forbids)), ("How it is checked", escape(rule.how))]
    if outcome.reason:
        label = "Broken, because" if outcome.verdict is Verdict.BROKEN else "Not checked, because"
        shown.insert(0, (label, f"<pre>{escape(outcome.reason)}</pre>"))
    if outcome.drawn:
        drawn = "\n".join(f"{what} = {value}" for what, value in outcome.drawn)
        shown.append(("The smallest case", f"<pre>{escape(drawn)}</pre>"))
    if outcome.journal:
        shown.append(("Its journal", f"<pre>{escape(_journal(outcome))}</pre>"))
    if not outcome.steady:
        shown.append(("Not every time", "a race, or something that no seed controls"))
    until = f", broken first by case {outcome.cases_until_broken}, the others made it smaller" if outcome.drawn else ""
    shown.append(("Evidence", f"{cases} in {outcome.seconds:.2f} s{until}"))
    shown.append(("Again", f"<pre>{escape(outcome.replay)}</pre>"))
    inner = "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in shown)
    return (
        f'<details class="{_class(outcome.verdict)}"{opened}><summary><span class="sign">{outcome.verdict.value}</span>'
        f"{escape(rule.title)}<code>{rule.id}</code></summary><div class=in><dl>{inner}</dl></div></details>"
    )


def _journal(outcome: Outcome) -> str:
    return "\n".join(f"> {step.what}" + (f"\n< {step.came_back}" if step.came_back else "") for step in outcome.journal)
