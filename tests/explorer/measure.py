"""Which seeded bugs are found, how fast, and how short their histories get: writes docs/explore-bugs.md.

python -m tests.explorer.measure [CPU SECONDS for each bug] [NAME ...]

What was measured is kept beside the page, line by line: a measurement that is broken off goes on where it was.
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
KEPT = Path(os.environ.get("EXPLORE_KEPT", "explore-mutants.jsonl"))
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
    while time.process_time() - cpu_s < seconds:
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
    return {"lives": seed - FIRST_SEED, "cpu": time.process_time() - cpu_s}


def page(rows: list[tuple[Bug, dict]], seconds: float) -> str:
    """The table, the quickest first."""
    found = [(bug, row) for bug, row in rows if "seed" in row]
    lines = [
        "# Seeded bugs that the explorer finds",
        "",
        "Made by `make explore-mutants`; the bugs are in `tests/explorer/bugs.py`. Acts and faults: of the history",
        f"that is left after {os.environ.get('SHRINK', '40')} lives of shrinking. CPU: seconds until a law broke,",
        f"without the import; each bug had at most {seconds:g} of them.",
        "",
        f"{len(found)} of {len(rows)} found; {len(BUGS) - len(rows)} of {len(BUGS)} bugs were not measured.",
        "",
        "| bug | file | lives | CPU s | law | acts | faults |",
        "|---|---|---|---|---|---|---|",
    ]
    for bug, row in sorted(found, key=lambda pair: (pair[1]["cpu"], pair[0].name)):
        cut = f"{row['acts']} | {row['faults']}"
        lines.append(f"| {bug.name} | {bug.file} | {row['lives']} | {row['cpu']:.1f} | {row['law']} | {cut} |")
    for bug, row in rows:
        if "seed" not in row:
            lines.append(f"| {bug.name} | {bug.file} | {row['lives']} | {row['cpu']:.0f} | not found | | |")
    return "\n".join(lines) + "\n"


def main(seconds: float, names: list[str]) -> None:
    """Measure what was not measured yet; write the page of all that was."""
    known = [json.loads(line) for line in KEPT.read_text("utf-8").splitlines()] if KEPT.exists() else []
    done = {one["bug"]: one for one in known}
    bugs = [bug for bug in ([BY_NAME[name] for name in names] or list(BUGS)) if bug.name not in done]
    preload()
    context = multiprocessing.get_context("fork")
    with context.Pool(int(os.environ.get("PROCESSES", os.cpu_count() or 1)), maxtasksperchild=1) as pool:
        asked = [pool.apply_async(hunt, (bug.name, seconds)) for bug in bugs]
        for bug, one in zip(bugs, asked, strict=True):
            done[bug.name] = {"bug": bug.name} | one.get()
            with KEPT.open("a", encoding="utf-8") as kept:
                kept.write(json.dumps(done[bug.name]) + "\n")
            print(bug.name, done[bug.name], flush=True)
    PAGE.write_text(page([(bug, done[bug.name]) for bug in BUGS if bug.name in done], seconds), "utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--hunt"]:
        print(json.dumps(hunt(sys.argv[2], float(sys.argv[3]))))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 90.0, sys.argv[2:])
