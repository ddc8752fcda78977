"""What is wrong with a YAML text, in plain words: PyYAML's own are those of its grammar."""

import re

PLAIN = {
    r"expected the node content, but found '<stream end>'": "the file ends where a value is expected",
    r"expected the node content, but found '(.*)'": r"expected a value, read '\1'",
    r"mapping values are not allowed here": "a colon is not allowed here: a line before it is indented wrongly, or a "
    "text with a colon wants quotes",
    r"could not find expected ':'": "expected a colon after the key on the line before",
    r"found character '\\t' that cannot start any token": "a tab: YAML is indented with spaces",
    r"expected ',' or '(.)', but got .*": r"a list or mapping in brackets is not closed: expected a comma or '\1'",
    r"expected <block end>, but found .*": "this line is indented otherwise than those that it belongs to",
    r"found unexpected end of stream": "a quote is not closed",
    r"found undefined alias .*": "a text that begins with * wants quotes",
    r"found character '(.)' that cannot start any token": r"a text that begins with \1 wants quotes",
}


def plain(problem: str) -> str:
    """The problem in plain words; as it is where there are none.

    >>> plain("expected the node content, but found '<stream end>'")
    'the file ends where a value is expected'
    """
    for pattern, words in PLAIN.items():
        if found := re.fullmatch(pattern, problem):
            return found.expand(words)
    return problem
