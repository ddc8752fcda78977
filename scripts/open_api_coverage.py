"""Write docs/open-api-coverage.md: every promised row of the Open API with its grade and the test that holds it."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "open-api-coverage.md"
HEAD = """# What of the Open API is played, how sure we are of it, and which test holds it

Made by `python scripts/open_api_coverage.py` from `schemes/bakong_schemes/bakong/wire` and
`tests/simulator`; do not edit it by hand.
*documented*: NBC's own documents; *seen*: reported from the live API; *guessed*: ours.

"""


def page() -> str:
    """The page as it should be. Raises KeyError for a row that no test holds."""
    sys.path.insert(0, str(ROOT))
    from bakong_schemes.bakong.wire import DISPUTES, PROFILES  # noqa: PLC0415  found from the checkout
    from bakong_schemes.bakong.wire.rows import ROWS  # noqa: PLC0415
    from tests.simulator import test_open_api_rows  # noqa: F401, PLC0415  its tests register what they hold
    from tests.simulator.covering import HELD  # noqa: PLC0415

    lines = ["| endpoint | outcome | HTTP | errorCode | grade | test |", "|---|---|---|---|---|---|"]
    for row in ROWS:
        code = "" if row.code is None else str(row.code)
        tests = ", ".join(f"`{test.partition('::')[2]}`" for test in HELD[row.name])
        lines.append(
            f"| `{row.endpoint}` | {row.outcome}: {row.message} | {row.status} | {code} | {row.grade} | {tests} |"
        )
    lines += [
        "",
        "## What the sources dispute",
        "",
        f"| fact | {' | '.join(PROFILES)} | sources | grade of the default |",
    ]
    lines.append("|---" * (len(PROFILES) + 3) + "|")
    for dispute in DISPUTES:
        values = " | ".join(str(getattr(profile, dispute.field)) for profile in PROFILES.values())
        lines.append(f"| `{dispute.field}` | {values} | {dispute.sources} | {dispute.grade} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
