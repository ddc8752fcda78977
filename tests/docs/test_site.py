"""The site of docs/: its navigation and its index have every page and no other; what its hooks do."""

import re
from types import SimpleNamespace

import yaml

from scripts import site
from tests.docs.pages import ROOT

SITE = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
PAGES = {str(page.relative_to(ROOT / "docs")) for page in ROOT.glob("docs/**/*.md") if "node_modules" not in page.parts}


def leaves(nav):
    for row in nav:
        for value in row.values():
            if isinstance(value, str):
                yield value
            else:
                yield from leaves(value)


def test_the_navigation_names_each_page_once_and_no_other():
    named = list(leaves(SITE["nav"]))
    assert sorted(named) == sorted(PAGES)


def test_the_index_leads_to_each_page():
    linked = set(re.findall(r"\]\(([^)#:]+\.md)", (ROOT / "docs" / "index.md").read_text()))
    assert linked == PAGES - {"index.md"}


def test_every_page_begins_with_its_one_title():
    for page in PAGES:
        text = re.sub(r"^```.*?^```$", "", (ROOT / "docs" / page).read_text(), flags=re.MULTILINE | re.DOTALL)
        assert re.findall(r"^# .+$", text, re.MULTILINE) == [text.splitlines()[0]], page


def test_links_that_lead_out_of_the_site_are_named_instead():
    page = SimpleNamespace(file=SimpleNamespace(src_uri="ci/README.md"))
    said = (
        "[rules](../../CONTRIBUTING.md#x), [`LICENSE`](../../LICENSE), [shops](../examples/shops), [a](../pytest.md#y)"
    )
    kept = "rules (`CONTRIBUTING.md`), `LICENSE`, shops (`docs/examples/shops`), [a](../pytest.md#y)"
    assert site.on_page_markdown(said, page) == kept


def test_the_script_of_elsewhere_gives_way_to_ours():
    made = site.on_post_page('<p><script src="https://unpkg.com/iframe-worker/shim"></script>')
    assert made.startswith("<p><script>//")
    assert "unpkg" not in made
