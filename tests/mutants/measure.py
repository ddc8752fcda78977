"""Measure what the harness catches: every seeded bug against the rule that names it.

python -m tests.mutants.measure [--seeds 3] [--every 20] [TITLE...]: writes docs/verify-catches.md with the first seed,
and the number of all seeded bugs into README.md. Each bug meets the one rule that names it; with further seeds nothing
is made smaller, so that a run ends where the rule has named it. --every: a sample, of which nothing is written.
"""

import argparse
import re
import sys
import time
from pathlib import Path

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
PAGE, README = ROOT / "docs" / "verify-catches.md", ROOT / "README.md"
NUMBER = re.compile(r"\[(\d+) seeded bugs\]\(docs/verify-catches\.md\)")
HEAD = """# What the harness catches

Seeded bugs, each in a small program that is otherwise right (`tests/mutants`), and the rule that names it. *Cases* is
how many were played until the rule broke, *seconds* what the rule took, shrinking included, with the seed {seed}.
Written by `make mutants`; the tests hold every row, and hold that the healthy programs raise no alarm.
"""


def tables(loop, url):
    """Title to catalogue, and how a bug is judged."""
    return {
        "Encoders and decoders": (ENCODER, test_encoder.judge),
        "EMVCo codecs": (EMV, test_emv_codec.judge),
        "Bakongs": (BAKONG | BAKONG_WHOLE, lambda bug, **how: test_bakong.judge(loop, [bug], **how)),
        "Payment services": (SHOP, lambda bug, **how: test_shop.judge(loop, url, [bug], **how)),
        "Shops of orders": (THAI, lambda bug, **how: test_thai_shop.judge(loop, url, [bug], **how)),
        "Escrow services": (ESCROW, lambda bug, **how: test_escrow_shop.judge(loop, [bug], **how)),
        "Servers like bKash's": (BKASH, lambda bug, **how: test_bkash.judge([bug], **how)),
        "Servers like Nagad's": (NAGAD, lambda bug, **how: test_nagad.judge([bug], **how)),
        "Stripes": (STRIPES, test_stripe_server.judge),
        "Shops paid by card": (CARDS, test_card_shop.judge),
    }


def measured(title, catalogue, judge, seed):
    """The section of the page, and the bugs that were not caught."""
    lines = [f"## {title}: {len(catalogue)}", "", "| bug | caught by | cases | seconds |", "|---|---|---|---|"]
    missed = []
    for bug, (rule, about) in catalogue.items():
        outcome = judge(bug, only=(rule,), seed=seed, monotonic=time.monotonic).outcomes[0]
        missed += [bug] if outcome.verdict != "broken" else []
        cases = outcome.cases_until_broken or "not caught"
        lines.append(f"| {about} (`{bug}`) | `{rule}` | {cases} | {outcome.seconds:.1f} |")
    return "\n".join(lines) + "\n", missed


def missed_by(catalogue, judge, seeds):
    """The bugs that the rule which names them does not catch, with the seed."""
    return [
        f"{bug} (seed {seed})"
        for bug, (rule, _) in catalogue.items()
        for seed in seeds
        if judge(bug, only=(rule,), seed=seed, shrinks=0).outcomes[0].verdict != "broken"
    ]


def main(titles=(), seeds=1, every=1):
    """Measure the tables whose titles begin so, or all; 1 where a bug was not caught."""
    loop, missed = Loop(), []

    async def made():
        return simulator_app.build(Worlds(lambda: time.time_ns() // 1_000_000, SCHEMES))

    old = {section.partition(":")[0]: f"## {section}" for section in PAGE.read_text().split("\n## ")[1:]}
    with loop.serving(loop.call(made())) as url:
        for title, (catalogue, judge) in tables(loop, url).items():
            if titles and not title.startswith(tuple(titles)):
                continue
            begun, drawn = time.monotonic(), dict(list(catalogue.items())[::every])
            escaped = missed_by(drawn, judge, range(1 if every > 1 else 2, seeds + 1))
            if every == 1:
                old[title], first = measured(title, catalogue, judge, 1)
                escaped += first
            missed += escaped
            took = f"{time.monotonic() - begun:.0f} s"
            print(f"{title}: {len(drawn)} bugs, {seeds} seeds, {took}, not caught: {escaped or 'none'}", flush=True)
    if every == 1:
        PAGE.write_text("\n".join([HEAD.format(seed=1), *(f"{section.rstrip()}\n" for section in old.values())]))
        README.write_text(NUMBER.sub(f"[{counted()} seeded bugs](docs/verify-catches.md)", README.read_text()))
    return bool(missed)


def counted():
    """All seeded bugs of the page, by its headings."""
    return sum(map(int, re.findall(r"^## .+: (\d+)$", PAGE.read_text(), re.MULTILINE)))


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("titles", nargs="*")
    asked.add_argument("--seeds", type=int, default=1)
    asked.add_argument("--every", type=int, default=1)
    sys.exit(main(**vars(asked.parse_args())))
