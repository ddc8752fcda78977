"""Which seeded bugs are found, how fast, and how short their histories get: writes docs/explore-bugs.md.

python -m tests.explorer.measure [SECONDS for each bug] [NAME ...]
"""

import json
import multiprocessing
import os
import sys
import time
from importlib import import_module
from pathlib import Path

from tests.explorer.bugs import BUGS, BY_NAME, Bug, plant

PAGE = Path(__file__).parents[2] / "docs" / "explore-bugs.md"
FIRST_SEED = 1_000
DAYS = 45


def preload() -> None:
    """What no bug is in, so that each hunt need not import it."""
    for name in ("sqlalchemy", "fastapi", "httpx", "httpcore", "pydantic_settings", "cryptography", "structlog"):
        import_module(name)
    import_module("bakong_simulator.app")
    import_module("bakong_schemes.bakong.fake.scheme")


def hunt(name: str, seconds: float) -> dict:
    """Lives with one bug, in this process, until a law breaks."""
    plant(name)
    from bakong_explorer.life import live, story_of
    from bakong_explorer.shrinking import shrink

    begun_s, cpu_s, seed = time.monotonic(), time.process_time(), FIRST_SEED
    while time.monotonic() - begun_s < seconds:
        life = live(story_of(seed, DAYS))
        if life.violation is not None:
            after = {"seconds": time.monotonic() - begun_s, "cpu": time.process_time() - cpu_s}
            short = shrink(life, most=int(os.environ.get("SHRINK", "40")))
            return after | {
                "seed": seed,
                "lives": seed - FIRST_SEED + 1,
                "law": life.violation.law,
                "seen": life.violation.seen,
                "acts": len(short.story.acts),
                "faults": len(short.story.faults),
            }
        seed += 1
    return {"lives": seed - FIRST_SEED}


def page(rows: list[tuple[Bug, dict]]) -> str:
    """The table, the quickest first."""
    found = [(bug, row) for bug, row in rows if "seed" in row]
    lines = [
        "# Seeded bugs that the explorer finds",
        "",
        "Made by `make explore-mutants`; the bugs are in `tests/explorer/bugs.py`. Acts and faults: of the history",
        "that is left after at most 40 lives of shrinking. CPU: seconds until a law broke, without the import.",
        "",
        f"{len(found)} of {len(rows)} found.",
        "",
        "| bug | file | lives | CPU s | law | acts | faults |",
        "|---|---|---|---|---|---|---|",
    ]
    for bug, row in sorted(found, key=lambda pair: (pair[1]["cpu"], pair[0].name)):
        cut = f"{row['acts']} | {row['faults']}"
        lines.append(f"| {bug.name} | {bug.file} | {row['lives']} | {row['cpu']:.1f} | {row['law']} | {cut} |")
    for bug, row in rows:
        if "seed" not in row:
            lines.append(f"| {bug.name} | {bug.file} | {row['lives']} | | not found | | |")
    return "\n".join(lines) + "\n"


def main(seconds: float, names: list[str]) -> None:
    bugs = [BY_NAME[name] for name in names] or list(BUGS)
    preload()
    context = multiprocessing.get_context("fork")
    with context.Pool(os.cpu_count() or 1, maxtasksperchild=1) as pool:
        asked = [pool.apply_async(hunt, (bug.name, seconds)) for bug in bugs]
        rows = []
        for bug, one in zip(bugs, asked, strict=True):
            rows.append((bug, one.get()))
            print(bug.name, rows[-1][1], flush=True)
    if not names:
        PAGE.write_text(page(rows), "utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--hunt"]:
        print(json.dumps(hunt(sys.argv[2], float(sys.argv[3]))))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 300.0, sys.argv[2:])
