"""What of uvicorn's inside is used: each method that is overridden or called is there, and takes what we give it.

uvicorn has no public way to reach the transport, to answer what is no HTTP, or to end at once. Where this fails on a
new version: read what has changed, mend serving.py and http_protocol.py of bakong_sandbox/stack, and raise the bound in
pyproject.toml.
"""

import inspect
from importlib.metadata import requires, version

import pytest
import uvicorn
from packaging.requirements import Requirement
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bakong_sandbox.stack import bounded, edge, http_protocol, serving

PROTOCOL = ["connection_made", "connection_lost", "data_received", "send_400_response", "on_message_begin", "on_header"]
PROTOCOL += [
    "on_body",
    "on_response_complete",
    "_start_asgi_task",
    "on_headers_complete",
    "on_message_complete",
    "_should_upgrade",
    "pause_writing",
    "resume_writing",
]
SERVER = ["startup", "main_loop", "on_tick", "shutdown", "capture_signals"]
OURS = [(HttpToolsProtocol, PROTOCOL, (http_protocol.Protocol, edge.EdgeProtocol, bounded.BoundedProtocol))]
OURS += [(uvicorn.Server, SERVER, (serving._Server,))]
ROWS = [(theirs, name, ours) for theirs, names, ours in OURS for name in names]


@pytest.mark.parametrize(("theirs", "name", "ours"), ROWS, ids=[row[1] for row in ROWS])
def test_a_method_that_is_overridden_or_called_is_uvicorns_and_takes_the_same(theirs, name, ours):
    parameters = list(inspect.signature(getattr(theirs, name)).parameters)
    for kind in ours:
        if name in vars(kind):
            assert list(inspect.signature(vars(kind)[name]).parameters) == parameters


@pytest.mark.parametrize(("theirs", "names", "ours"), OURS, ids=["protocol", "server"])
def test_every_method_that_is_overridden_is_named_here(theirs, names, ours):
    overridden = {name for kind in ours for name in vars(kind) if callable(getattr(theirs, name, None))}
    assert overridden - set(names) - {"__init__", "__doc__"} == set()


def test_a_version_of_uvicorn_that_was_not_looked_at_is_not_installed():
    (asked,) = [
        bound
        for text in requires("bakong-sandbox")
        if (bound := Requirement(text)).name == "uvicorn" and not bound.marker
    ]
    assert any(bound.operator == "<" for bound in asked.specifier)
    assert asked.specifier.contains(version("uvicorn"))
