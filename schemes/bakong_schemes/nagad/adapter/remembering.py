"""What a process remembers of what is under way, so much and no more: the oldest is forgotten first."""

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 10_000


class Remembered(Generic[T]):
    """Values by a key."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[str, T] = OrderedDict()

    def get(self, key: str) -> T | None:
        return self._kept.get(key)

    def put(self, key: str, value: T) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def drop(self, key: str) -> None:
        self._kept.pop(key, None)
