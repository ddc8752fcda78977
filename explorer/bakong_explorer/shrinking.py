"""Cutting a life that breaks a law shorter: acts and faults are left out while the same law still breaks."""

from collections.abc import Callable, Sequence

from bakong_explorer.life import Life, live
from bakong_explorer.story import Happening, Story

TURNS = 2  # what hangs on whose turn it is may need another order of turns, once something is left out
MOST_LIVES = 160

Live = Callable[[Story], Life]


class _Shrinker:
    def __init__(self, life: Life, run: Live, most: int) -> None:
        assert life.violation is not None  # noqa: S101  who calls has seen it
        self.best, self._law, self._run, self._left = life, life.violation.law, run, most

    def tries(self, story: Story) -> bool:
        """Whether the shorter story breaks the same law; it is then the best one."""
        for turns in range(TURNS):
            if self._left <= 0:
                return False
            self._left -= 1
            life = self._run(story.but(turns=story.turns + turns))
            if life.violation is not None and life.violation.law == self._law:
                self.best = life
                return True
        return False

    def cut_after(self) -> None:
        """What comes after the law broke does not matter."""
        broke_ms = int(self.best.virtual_s * 1000)
        story = self.best.story
        kept = story.but(
            acts=tuple(one for one in story.acts if one.at_ms <= broke_ms),
            faults=tuple(one for one in story.faults if one.at_ms <= broke_ms),
        )
        if kept.size < story.size:
            self.tries(kept)

    def leave_out(self, name: str) -> None:
        """Ever smaller parts of the acts, or of the faults."""
        size = max(1, len(self._rows(name)) // 2)
        while self._left > 0:
            at = 0
            while at < len(self._rows(name)):
                rows = self._rows(name)
                if not self.tries(self.best.story.but(**{name: tuple(rows[:at]) + tuple(rows[at + size :])})):
                    at += size
            if size == 1:
                return
            size = max(1, size // 2)

    def simplify(self) -> None:
        """One replica instead of several, no limits, no other turns."""
        for name, plain in (("replicas", 1), ("replicas", 2), ("daily_calls", 0), ("rate_limit", 0), ("shuffle", 0)):
            profile = self.best.story.profile
            if profile.get(name, plain) > plain:
                self.tries(self.best.story.but(profile=profile | {name: plain}))

    def _rows(self, name: str) -> Sequence[Happening]:
        rows: Sequence[Happening] = getattr(self.best.story, name)
        return rows


def shrink(life: Life, run: Live = live, most: int = MOST_LIVES) -> Life:
    """The shortest life that was met in so many tries, which breaks the same law as the life that is given."""
    shrinker = _Shrinker(life, run, most)
    shrinker.cut_after()
    before = -1
    while before != shrinker.best.story.size:
        before = shrinker.best.story.size
        shrinker.leave_out("faults")
        shrinker.leave_out("acts")
    shrinker.simplify()
    return shrinker.best
