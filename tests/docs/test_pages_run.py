"""Every console block of the README and of the pages does what it says, in the order of the page."""

import json
import socket
import subprocess

import httpx
import pytest

from tests.docs.pages import PAGES, ROOT, blocks, matches
from tests.docs.runner import SERVICE, SIMULATOR, BrokenBlockError, PageRunner

WITH_BLOCKS = [page for page in PAGES if any(not block.why_not for block in blocks(page.read_text()))]


@pytest.fixture(scope="session")
def shared(tmp_path_factory, programs):
    """One sandbox for all pages that start none: its data folder and what it says."""
    folder = tmp_path_factory.mktemp("shared")
    options = ("--json", "--port", "0", "--service-port", "0", "--data-dir", folder)
    with subprocess.Popen([programs / "bakong-sandbox", "up", *options], stdout=subprocess.PIPE) as up:
        yield folder, json.loads(up.stdout.readline())
        up.terminate()


@pytest.fixture
def page_of(tmp_path, programs, shared):
    opened = []
    folder, ready = shared
    ports = {SIMULATOR: httpx.URL(ready["bakong_url"]).port, SERVICE: httpx.URL(ready["service_url"]).port}
    httpx.post(ready["bakong_url"] + "/sandbox/worlds/default/reset", trust_env=False).raise_for_status()

    def open_page(name):
        opened.append(PageRunner(name, tmp_path, programs, folder, ports))
        return opened[-1]

    yield open_page
    for page in opened:
        page.close()


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_says_to_type_does_what_it_says(page, page_of):
    runner = page_of(page.relative_to(ROOT))
    for block in blocks(page.read_text()):
        if not block.why_not:
            runner.run(block)


BROKEN = {
    "a command that fails": ("$ bakong-sandbox scenario show nothing-of-this-name", "(?s)page.md:2: .*ends with 1"),
    "an unknown command": ("$ bakong-sandbx up", "ends with 127"),
    "another answer": ("$ echo one\n{two}", "page.md:2: echo one\nit is said to print\n  {two}\nand prints\n  one"),
    "a sandbox that does not start": ("$ bakong-sandbox up --scenario nothing-of-this-name", "does not start"),
    "a variable that is not set": ("$ set -u; echo $TOKEN", "ends"),
}


@pytest.mark.parametrize(("typed", "said"), BROKEN.values(), ids=BROKEN)
def test_a_block_that_is_broken_is_told_with_its_line(typed, said, page_of):
    (block,) = blocks(f"```console\n{typed}\n```\n")
    with pytest.raises(BrokenBlockError, match=said):
        page_of("page.md").run(block)


def test_blocks_are_read_with_their_commands_answers_and_reasons():
    shell = "<!-- not run: it takes a day -->\n```sh\none \\\n  two\n\nthree 'a\nb'\n```\n"
    text = f"a\n{shell}```console\n$ four\nfive\n```\n```yaml\nsix: 6\n```\n"
    first, second = blocks(text)
    assert (first.why_not, [command.text for command in first.commands]) == (
        "it takes a day",
        ["one \\\n  two", "three 'a\nb'"],
    )
    assert (second.commands[0].text, second.commands[0].printed, second.commands[0].line) == ("four", ["five"], 11)


def test_what_is_printed_is_compared_but_for_what_is_left_out():
    assert matches(['{"a": …}', "...", "end"], ["noise", '{"a": 1}', "more", "end"]) is None
    assert "said to print" in matches(["end", "{}"], ["{}", "end"])


def test_what_a_page_starts_ends_with_it(page_of):
    runner = page_of("page.md")
    runner.run(blocks("```console\n$ bakong-sandbox up --no-service\n```\n")[0])
    with socket.create_connection(("127.0.0.1", runner.port(SIMULATOR))) as link:
        runner.close()
        assert link.recv(1) == b""


def test_no_page_types_a_value_that_it_leaves_out():
    """A hash that is cut short in a command cannot be copied."""
    elided = [
        f"{page.relative_to(ROOT)}:{command.line}"
        for page in PAGES
        for block in blocks(page.read_text())
        for command in block.commands
        if "…" in command.text
    ]
    assert elided == []
