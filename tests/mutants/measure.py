"""Measure what the harness catches: every seeded bug against the rule that names it, a line for each as it is measured.

python -m tests.mutants.measure [--seeds 3] [--every 20] [--kept FILE] [TITLE...]: writes docs/verify-catches.md with
the first seed, and the number of all seeded bugs into README.md. Each bug meets the one rule that names it; nothing is
made smaller. What was measured is kept in a file, so that a run that was broken off goes on; one that ended puts
`.last` behind the file's name. --every: a sample, of which nothing is written.
"""

import argparse
import re
import sys
import time
from pathlib import Path
from typing import NamedTuple

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.worlds import Worlds
from tests.mutants import (
    test_bakong,
    test_bkash,
    test_card_shop,
    test_emv_codec,
    test_encoder,
    test_escrow_shop,
    test_nagad,
    test_shop,
    test_stripe_server,
    test_thai_shop,
)
from tests.mutants.card_catalogue import CARDS
from tests.mutants.catalogue import BAKONG, BAKONG_WHOLE, BKASH, EMV, ENCODER, ESCROW, NAGAD, SHOP, THAI
from tests.mutants.serving import Loop
from tests.mutants.stripe_catalogue import STRIPES

ROOT = Path(__file__).parents[2]
PAGE, README, KEPT = ROOT / "docs" / "verify-catches.md", ROOT / "README.md", ROOT / "reports" / "mutants.tsv"
NUMBER = re.compile(r"\[(\d+) seeded bugs\]\(docs/verify-catches\.md\)")
HEAD = """# What the harness catches

Seeded bugs, each in a small program that is otherwise right (`tests/mutants`), and the rule that names it. *Cases* is
how many were played until the rule broke, *seconds* what that took, with the seed 1.
Written by `make mutants`; the tests hold every row, and hold that the healthy programs raise no alarm.
"""
CATALOGUES = {
    "Encoders and decoders": ENCODER,
    "Bakongs": BAKONG | BAKONG_WHOLE,
    "Payment services": SHOP,
    "EMVCo codecs": EMV,
    "Shops of orders": THAI,
    "Escrow services": ESCROW,
    "Servers like bKash's": BKASH,
    "Servers like Nagad's": NAGAD,
    "Stripes": STRIPES,
    "Shops paid by card": CARDS,
}


class Row(NamedTuple):
    """One bug and one seed, met by the rule that names it. cases: until the rule broke, 0 where it did not."""

    bug: str
    seed: int
    rule: str
    verdict: str
    cases: int
    seconds: float

    @property
    def is_named(self):
        return self.verdict == "broken"


def judges(loop, url):
    """Title to how a bug is judged."""
    return {
        "Encoders and decoders": test_encoder.judge,
        "EMVCo codecs": test_emv_codec.judge,
        "Bakongs": lambda bug, **how: test_bakong.judge(loop, [bug], **how),
        "Payment services": lambda bug, **how: test_shop.judge(loop, url, [bug], **how),
        "Shops of orders": lambda bug, **how: test_thai_shop.judge(loop, url, [bug], **how),
        "Escrow services": lambda bug, **how: test_escrow_shop.judge(loop, [bug], **how),
        "Servers like bKash's": lambda bug, **how: test_bkash.judge([bug], **how),
        "Servers like Nagad's": lambda bug, **how: test_nagad.judge([bug], **how),
        "Stripes": test_stripe_server.judge,
        "Shops paid by card": test_card_shop.judge,
    }


def measured(judge, bug, rule, seed):
    """The row of a bug and a seed."""
    outcome = judge(bug, only=(rule,), seed=seed, shrinks=0, monotonic=time.monotonic).outcomes[0]
    return Row(bug, seed, rule, str(outcome.verdict), outcome.cases_until_broken, round(outcome.seconds, 1))


def known(file):
    """The rows that a run which was broken off has left, by title, bug and seed."""
    rows = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        title, bug, seed, rule, verdict, cases, seconds = line.split("\t")
        if CATALOGUES[title].get(bug, ("",))[0] == rule:
            rows[title, bug, int(seed)] = Row(bug, int(seed), rule, verdict, int(cases), float(seconds))
    return rows


def wanted(titles, seeds, every):
    """Title, bug and seed of all that is to be measured: every seed of a bug before the next bug."""
    return [
        (title, bug, seed)
        for title, catalogue in CATALOGUES.items()
        if not titles or title.startswith(tuple(titles))
        for bug in list(catalogue)[::every]
        for seed in range(1, seeds + 1)
    ]


def section(title, rows):
    """The section of the page: a line for each bug, by the first seed."""
    lines = [f"## {title}: {len(CATALOGUES[title])}", "", "| bug | caught by | cases | seconds |", "|---|---|---|---|"]
    for bug, (rule, about) in CATALOGUES[title].items():
        row = rows[title, bug, 1]
        lines.append(f"| {about} (`{bug}`) | `{rule}` | {row.cases or 'not caught'} | {row.seconds} |")
    return "\n".join(lines)


def written(rows):
    """The page, with the titles that were measured made anew, and the README's number."""
    old = {part.partition(":")[0]: f"## {part.rstrip()}" for part in PAGE.read_text().split("\n## ")[1:]}
    sections = [section(title, rows) if title in {row[0] for row in rows} else old[title] for title in CATALOGUES]
    PAGE.write_text("\n".join([HEAD, *(f"{part}\n" for part in sections)]))
    README.write_text(NUMBER.sub(f"[{counted()} seeded bugs](docs/verify-catches.md)", README.read_text()))


def main(titles=(), seeds=1, every=1, kept=KEPT):
    """Measure the tables whose titles begin so, or all; 1 where a bug was not named."""
    loop, cells = Loop(), wanted(titles, seeds, every)
    rows = {cell: row for cell, row in known(kept).items() if cell in set(cells)}
    kept.parent.mkdir(parents=True, exist_ok=True)

    async def made():
        return simulator_app.build(Worlds(lambda: time.time_ns() // 1_000_000, SCHEMES))

    with loop.serving(loop.call(made())) as url, kept.open("a") as file:
        judge = judges(loop, url)
        for title, bug, seed in cells:
            if (title, bug, seed) in rows:
                continue
            row = measured(judge[title], bug, CATALOGUES[title][bug][0], seed)
            rows[title, bug, seed] = row
            print(title, *row, sep="\t", file=file, flush=True)
            if not row.is_named:
                print(f"not named: {bug} (seed {seed}) by {row.rule}, which {row.verdict}", flush=True)
    missed = [row for row in rows.values() if not row.is_named]
    print(
        f"{len({cell[:2] for cell in cells})} bugs, {seeds} seeds: {len(missed)} of {len(rows)} not named", flush=True
    )
    if every == 1:
        written(rows)
    kept.replace(f"{kept}.last")
    return bool(missed)


def counted():
    """All seeded bugs of the page, by its headings."""
    return sum(map(int, re.findall(r"^## .+: (\d+)$", PAGE.read_text(), re.MULTILINE)))


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("titles", nargs="*")
    asked.add_argument("--seeds", type=int, default=1)
    asked.add_argument("--every", type=int, default=1)
    asked.add_argument("--kept", type=Path, default=KEPT)
    sys.exit(main(**vars(asked.parse_args())))
