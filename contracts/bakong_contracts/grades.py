"""How sure we are of a fact about the real Bakong."""

from typing import Literal

Grade = Literal["documented", "seen", "guessed"]

DOCUMENTED: Grade = "documented"
SEEN: Grade = "seen"
GUESSED: Grade = "guessed"
