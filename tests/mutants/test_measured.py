"""The page of catches and the README count the bugs that there are."""

import re

from tests.mutants.card_catalogue import CARDS
from tests.mutants.catalogue import BAKONG, BAKONG_WHOLE, BKASH, EMV, ENCODER, ESCROW, NAGAD, SHOP, THAI
from tests.mutants.measure import NUMBER, PAGE, README, counted
from tests.mutants.stripe_catalogue import STRIPES

CATALOGUES = (ENCODER, BAKONG | BAKONG_WHOLE, SHOP, EMV, THAI, ESCROW, BKASH, NAGAD, STRIPES, CARDS)


def test_the_page_has_a_row_for_each_bug_and_its_rule():
    rows = re.findall(r"\(`([\w-]+)`\) \| `([\w.-]+)` \| \d+ \|", PAGE.read_text())
    assert sorted(rows) == sorted((bug, rule) for catalogue in CATALOGUES for bug, (rule, _) in catalogue.items())


def test_the_readme_counts_them():
    assert int(NUMBER.search(README.read_text())[1]) == counted() == sum(map(len, CATALOGUES))
