"""The site of `make docs`, opened as files in a browser without a network: it searches, and asks for nothing."""

import re
import subprocess

import pytest

from tests.docs.pages import ROOT

INDEX = ROOT / "reports" / "site" / "index.html"


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_the_site_opens_as_files_and_finds_a_word(browser):
    subprocess.run(["make", "docs"], cwd=ROOT, check=True, capture_output=True)
    context = browser.new_context(offline=True)
    page, asked, errors = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(INDEX.as_uri())
    page.get_by_role("textbox", name="Search").fill("WEBHOOK_SECRET")
    page.locator(".md-search-result__link").first.wait_for()
    assert "Going live" in page.locator(".md-search-result__list").inner_text()
    context.close()
    assert [url for url in asked if not re.match(r"file:|data:|blob:", url)] == []
    assert errors == []
