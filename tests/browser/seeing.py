"""What every page of the console is held to: WCAG 2.1 AA by axe-core, its width, its weight."""

from pathlib import Path

AXE = Path(__file__).parents[1] / "clients" / "node" / "node_modules" / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


def violations(page, only=WCAG):
    """What axe-core finds: its rules and the elements, in words."""
    if page.evaluate("window.axe === undefined"):
        page.evaluate(AXE.read_text())
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", only)["violations"]
    return [
        f"{row['id']}: {node['html'][:120]} {node['failureSummary'][:160]}" for row in found for node in row["nodes"]
    ]


def overflow(page):
    """By how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def weight(page):
    """The bytes of all that the page asked for, uncompressed; streams have no end and are not counted."""
    return page.evaluate(
        "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
        ".reduce((sum, one) => sum + one.decodedBodySize, 0)"
    )
