"""Which seeded bugs are found, how fast, and how short their histories get: writes docs/explore-bugs.md.

python -m tests.explorer.measure [CPU SECONDS for each bug] [NAME ...]

Each bug is hunted from the first seed on, in a process of its own, until a law breaks. What came of it is kept line by
line, so that a measurement that is broken off goes on where it was, and one with more seconds from the life before
which the last one stopped; a hunt by an explorer of other acts or laws begins anew. To measure all anew, delete the
file. With SHORT=1 only the short lives are lived; the others count as LIFE_S, and find nothing. With KNOWN=1 only the
seeds that have found a bug before are lived: a quick look, and no measurement.
"""

import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.explorer.bugs import BUGS, BY_NAME, Bug, patch, plant

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explore-bugs.md"
KEPT = Path(os.environ.get("EXPLORE_KEPT", "explore-mutants.jsonl"))
SHRINK = int(os.environ.get("SHRINK", "160"))
FIRST_SEED, DAYS = 1, 45
MOST_ACTS = 20
# Which people a life needs so that it reaches these files; and what a life costs, in CPU seconds.
ONLY_IN = (("escrow", "care"), ("orders/", "orders"))
ONLY_SHOP = ("domain/subscriptions",)  # in a short life of other people nobody has a subscription
PEOPLE = ("care", "orders")
LIFE_S, SHORT_LIFE_S = 0.5, 0.25
SHORT = bool(os.environ.get("SHORT"))  # live the short lives alone; the others count as if they had been lived
Row = dict[str, Any]


class Ask(NamedTuple):
    """A hunt: of which bug, with how many CPU seconds, and after which hunt that has found nothing."""

    name: str
    seconds: float
    before: Row | None


def explorer() -> str:
    """Which explorer hunts: a digest of its source."""
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted((ROOT / "explorer" / "bakong_explorer").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


OF = explorer()


def warm_up() -> None:
    """Everything is imported and has been lived with once, so that a hunt that begins here costs its lives alone."""
    from bakong_explorer.life import live, story_of

    everybody = (story for seed in range(1_000) if all((story := story_of(seed, DAYS)).profile[one] for one in PEOPLE))
    live(next(everybody))


def hunt(name: str, seconds: float, before: Row | None = None) -> Row:
    """Lives with one bug, in this process, until a law breaks. before: a hunt of the same explorer that found nothing.

    lives, cpu: how many it took, and the CPU seconds of them; acts, faults: of the history that is left of it; a hunt
    that has found nothing has none of these.
    """
    from bakong_explorer.life import live, story_of
    from bakong_explorer.shrinking import shrink

    lives, spent_s = (before["lives"], before["cpu"]) if before else (0, 0.0)
    begun_s = time.process_time() - spent_s
    while (cpu_s := time.process_time() - begun_s) < seconds:
        story = story_of(FIRST_SEED + lives, DAYS)
        lives += 1
        if not may_meet(BY_NAME[name], story.profile):
            begun_s -= SHORT_LIFE_S if story.profile.get("alone") else LIFE_S
            continue
        life = live(story)
        if life.violation is not None:
            cpu_s = time.process_time() - begun_s
            short = shrink(life, most=SHRINK)
            return {
                "seed": life.story.seed,
                "lives": lives,
                "cpu": cpu_s,
                "law": life.violation.law,
                "seen": life.violation.seen,
                "acts": len(short.story.acts),
                "faults": len(short.story.faults),
                "left": [one.what for one in (*short.story.acts, *short.story.faults)],
                "shrinking": time.process_time() - begun_s - cpu_s,
            }
    return {"lives": lives, "cpu": cpu_s}


def may_meet(bug: Bug, profile: dict[str, int]) -> bool:
    """Whether a life reaches the file of the bug at all: without its people it is the same life, byte for byte.

    It is not lived then, and counts as LIFE_S of a processor, a short one as SHORT_LIFE_S.
    """
    if SHORT and not profile.get("alone"):
        return False
    if profile.get("alone") and any(part in bug.file for part in ONLY_SHOP) and (profile["care"] or profile["orders"]):
        return False
    return bool(profile[kind]) if (kind := next((kind for part, kind in ONLY_IN if part in bug.file), "")) else True


def _hunted(ask: Ask) -> Row:
    """In a process of its own: a copy of a warm one, or a new one where the bug has to be there before all imports."""
    name, seconds, before = ask
    if patch(name):
        return {"bug": name, "of": OF} | hunt(name, seconds, before)
    command = [sys.executable, "-m", "tests.explorer.measure", "--hunt", name, str(seconds), json.dumps(before)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {"bug": name, "of": OF} | json.loads(ended.stdout.splitlines()[-1])


def _looked_again(ask: tuple[str, int]) -> tuple[str, str]:
    """Whether a seed still finds its bug: the law."""
    name, seed = ask
    if not patch(name):
        return name, "not looked at: the bug is not of functions alone"
    from bakong_explorer.life import live, story_of

    return name, str(live(story_of(seed, DAYS)).violation)


def page(rows: list[tuple[Bug, Row]]) -> str:
    """The table, the quickest first."""
    found = [(bug, row) for bug, row in rows if "seed" in row]
    short = sum(row["acts"] <= MOST_ACTS for _, row in found)
    lines = [
        "# Seeded bugs that the explorer finds",
        "",
        "Made by `make explore-mutants`; the bugs are in `tests/explorer/bugs.py`. Each is hunted from seed 1 on. CPU:",
        "seconds until a law broke, without the import; of those not found, what they had. Acts and faults: of",
        f"the history that is left after at most {SHRINK} lives of shrinking.",
        "",
        f"{len(found)} of {len(rows)} found, {short} of them with a history of at most {MOST_ACTS} acts;",
        f"{len(BUGS) - len(rows)} of {len(BUGS)} bugs were not measured.",
        "",
        "| bug | file | seed | lives | CPU s | law | acts | faults |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for bug, row in sorted(found, key=lambda pair: (pair[1]["cpu"], pair[0].name)):
        took = f"{row['seed']} | {row['lives']} | {row['cpu']:.1f}"
        lines.append(f"| {bug.name} | {bug.file} | {took} | {row['law']} | {row['acts']} | {row['faults']} |")
    for bug, row in rows:
        if "seed" not in row:
            lines.append(f"| {bug.name} | {bug.file} | | {row['lives']} | {row['cpu']:.0f} | not found | | |")
    return "\n".join(lines) + "\n"


def asks(done: dict[str, Row], names: list[str], seconds: float) -> Iterator[Ask]:
    """The hunts that are left: bugs that were not found yet, those with the fewest seconds first."""
    left = []
    for bug in [BY_NAME[name] for name in names] or BUGS:
        row = done.get(bug.name)
        if row is None or ("seed" not in row and (row["of"] != OF or row["cpu"] < seconds)):
            left.append(Ask(bug.name, seconds, row if row is not None and row["of"] == OF else None))
    yield from sorted(left, key=lambda ask: ask.before["cpu"] if ask.before else 0.0)


def main(seconds: float, names: list[str]) -> None:
    """Measure what was not measured yet, or not for so long; write the page of all that was."""
    known = [json.loads(line) for line in KEPT.read_text("utf-8").splitlines()] if KEPT.exists() else []
    done = {one["bug"]: one for one in known}
    warm_up()
    context = multiprocessing.get_context("fork")
    with context.Pool(int(os.environ.get("PROCESSES", os.cpu_count() or 1)), maxtasksperchild=1) as pool:
        if os.environ.get("KNOWN"):
            seeds = [(one["bug"], one["seed"]) for one in done.values() if "seed" in one and one["bug"] in BY_NAME]
            for name, law in pool.imap_unordered(_looked_again, seeds):
                print(name, law, flush=True)
            return
        for row in pool.imap_unordered(_hunted, asks(done, names, seconds)):
            done[row["bug"]] = row
            with KEPT.open("a", encoding="utf-8") as kept:
                kept.write(json.dumps(row) + "\n")
            print(row["bug"], {name: row[name] for name in row if name not in ("bug", "of")}, flush=True)
    PAGE.write_text(page([(bug, done[bug.name]) for bug in BUGS if bug.name in done]), "utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--hunt"]:
        plant(sys.argv[2])
        if sys.argv[4:]:
            warm_up()
        print(json.dumps(hunt(sys.argv[2], float(sys.argv[3]), json.loads(sys.argv[4]) if sys.argv[4:] else None)))
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 90.0, sys.argv[2:])
