"""Real answers of a Bakong, kept with everything private masked: taken, written, compared, played again.

Must not depend on the simulator: it is one of those that are compared.
"""

from bakong_conformance.cassettes.cassette import Answer, Cassette, CassetteError, Exchange, Request, read, write
from bakong_conformance.cassettes.comparing import differences
from bakong_conformance.cassettes.masking import Masker
from bakong_conformance.cassettes.playing import TOKEN, Player
from bakong_conformance.cassettes.taking import Recorder, Take, Targets, cassette_of

__all__ = [
    "TOKEN",
    "Answer",
    "Cassette",
    "CassetteError",
    "Exchange",
    "Masker",
    "Player",
    "Recorder",
    "Request",
    "Take",
    "Targets",
    "cassette_of",
    "differences",
    "read",
    "write",
]
