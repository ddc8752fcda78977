"""The page of catches and the README count the bugs that there are."""

import re

from tests.mutants.measure import CATALOGUES, NUMBER, PAGE, README, Row, counted, known, wanted


def test_the_page_has_a_row_for_each_bug_and_its_rule():
    rows = re.findall(r"\(`([\w-]+)`\) \| `([\w.-]+)` \| \d+ \|", PAGE.read_text())
    assert sorted(rows) == sorted(
        (bug, rule) for catalogue in CATALOGUES.values() for bug, (rule, _) in catalogue.items()
    )


def test_the_readme_counts_them():
    assert int(NUMBER.search(README.read_text())[1]) == counted() == sum(map(len, CATALOGUES.values()))


def test_a_run_that_was_broken_off_goes_on_and_measures_anew_what_has_another_rule(tmp_path):
    title, catalogue = next(iter(CATALOGUES.items()))
    (kept, (rule, _)), (moved, _) = list(catalogue.items())[:2]
    file = tmp_path / "kept.tsv"
    assert known(file) == {}
    file.write_text(f"{title}\t{kept}\t2\t{rule}\tbroken\t3\t0.1\n{title}\t{moved}\t2\tkhqr.of.old\tbroken\t1\t0.1\n")
    assert known(file) == {(title, kept, 2): Row(kept, 2, rule, "broken", 3, 0.1)}
    cells = wanted((title,), 3, 1)
    assert len(cells) == len(set(cells)) == 3 * len(catalogue)
    assert set(known(file)) < set(cells)
