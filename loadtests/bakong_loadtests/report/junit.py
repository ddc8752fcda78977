"""The report as JUnit XML: a case for each objective, for each key's limit, and for the books."""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET


def junit(report: Mapping[str, Any]) -> str:
    """The XML text. A failure carries what was measured and what was wanted."""
    cases = list(_cases(report))
    attributes = {
        "name": f"load.{report['profile']}",
        "tests": str(len(cases)),
        "failures": str(sum(bool(failure) for _, _, failure in cases)),
        "time": f"{report['seconds']:.1f}",
    }
    suite = ET.Element("testsuite", attributes)
    for group, name, failure in cases:
        case = ET.SubElement(suite, "testcase", classname=f"load.{report['profile']}.{group}", name=name)
        if failure:
            ET.SubElement(case, "failure", message=failure).text = failure
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _cases(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(group, name, what failed) of each case."""
    for finding in report["findings"]:
        yield "slo", finding["name"], "" if finding["holds"] else finding["told"]
    for limit in report["limits"]:
        yield "limit", f"{limit['check']} {limit['scope']}", "" if limit["holds"] else limit["told"]
    books = report["books"]
    if books:
        problems = [f"{problem['kind']} {problem['md5']}: {problem['told']}" for problem in books["problems"]]
        yield "books", "every payment accounted for", "\n".join(problems)
