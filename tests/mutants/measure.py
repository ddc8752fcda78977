"""Measure what the harness catches: every seeded bug against the rule that names it.

Writes docs/verify-catches.md, and the number of all seeded bugs into README.md.
"""

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


def main(*titles, seed=1):
    """Measure the tables whose titles begin so, or all, and write them into the page; 1 where a bug was not caught."""
    loop, missed = Loop(), []

    async def made():
        return simulator_app.build(Worlds(lambda: time.time_ns() // 1_000_000, SCHEMES))

    old = {section.partition(":")[0]: f"## {section}" for section in PAGE.read_text().split("\n## ")[1:]}
    with loop.serving(loop.call(made())) as url:
        for title, (catalogue, judge) in tables(loop, url).items():
            if not titles or title.startswith(titles):
                old[title], escaped = measured(title, catalogue, judge, seed)
                missed += escaped
                print(f"{title}: {len(catalogue)} bugs, not caught: {escaped or 'none'}", flush=True)
    PAGE.write_text("\n".join([HEAD.format(seed=seed), *(f"{section.rstrip()}\n" for section in old.values())]))
    README.write_text(NUMBER.sub(f"[{counted()} seeded bugs](docs/verify-catches.md)", README.read_text()))
    return bool(missed)


def counted():
    """All seeded bugs of the page, by its headings."""
    return sum(map(int, re.findall(r"^## .+: (\d+)$", PAGE.read_text(), re.MULTILINE)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
