"""What may stand in clear nowhere: every secret that tests issue, and every account; and where they are looked for.

Databases, logs and what processes print: files under a test's folder are read where they lie, all else is handed to
`seen`. tests/service/conftest.py looks after every test.
"""

import json
import re
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


def leaks(folder=None):
    """Where something known stands in clear: in what was handed over since the last look, and in a folder's files."""
    handed, _SEEN[:] = list(_SEEN), []
    if folder is not None:
        for path in folder.rglob(FILE):
            kept = json.loads(path.read_text())
            _KNOWN.update(kept[name] for name in ("api_key", "webhook_secret", "encryption_key", "bakong_token"))
        handed += [(path.name, path.read_bytes()) for form in WRITTEN for path in folder.rglob(form)]
    found = re.compile(b"|".join(re.escape(form) for word in sorted(_KNOWN - {""}) for form in _forms(word)))
    return [f"{where}: {match[0].decode()}" for where, text in handed if (match := found.search(text))]


def _forms(word):
    """As it is, inside a URL, and inside JSON."""
    return {word.encode(), quote(word).encode(), quote(word, safe="").encode(), json.dumps(word)[1:-1].encode()}
