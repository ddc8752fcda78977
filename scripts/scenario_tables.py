"""Write the tables at the end of docs/scenarios.md anew: every scheme's scripts, steps, faults and words."""

from pathlib import Path

from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios.documenting import BEGIN, END, tables

PAGE = Path(__file__).resolve().parent.parent / "docs" / "scenarios.md"

if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(before + tables(LIBRARY) + rest.partition(END)[2], encoding="utf-8")
