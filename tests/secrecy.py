"""What may stand in clear nowhere: every secret that tests issue, and every account; and where they are looked for.

Databases, logs and what processes print: files under a test's folder are read where they lie, all else is handed to
`seen`. tests/service/conftest.py looks after every test, and forgets what was issued in it: a search for the secrets of
all the tests before would soon take longer than the tests.
"""

import contextlib
import functools
import json
from urllib.parse import quote

from bakong_sandbox.stack.datadir import FILE
from bakong_schemes.bakong.fake.scheme import MERCHANT, WALLET

WRITTEN = ("*.db", "*.db-wal", "*.log")
_KNOWN = {MERCHANT, WALLET, "noodle_shop@devb"}
_SEEN = []


def issue(*secrets):
    """Secrets that somebody is given, and that are to be seen nowhere else."""
    _KNOWN.update(secrets)


def seen(where, text):
    """Something that others may read, kept until the test ends."""
    _SEEN.append((where, text))


@contextlib.contextmanager
def forgotten_afterwards():
    """What is issued inside is forgotten at the end: what a module issues as it is imported stays."""
    before = set(_KNOWN)
    try:
        yield
    finally:
        _KNOWN.intersection_update(before)


def leaks(folder=None):
    """Where something known stands in clear: in what was handed over since the last look, and in a folder's files."""
    handed, _SEEN[:] = list(_SEEN), []
    if folder is not None:
        for path in folder.rglob(FILE):
            kept = json.loads(path.read_text())
            _KNOWN.update(kept[name] for name in ("api_key", "webhook_secret", "encryption_key", "bakong_token"))
        handed += [(path.name, path.read_bytes()) for form in WRITTEN for path in folder.rglob(form)]
    forms = {form for word in _KNOWN - {""} for form in _forms(word)}
    return [f"{where}: {form.decode()}" for where, text in handed for form in sorted(forms) if form in text]


@functools.cache
def _forms(word):
    """As it is, inside a URL, and inside JSON."""
    return {word.encode(), quote(word).encode(), quote(word, safe="").encode(), json.dumps(word)[1:-1].encode()}
