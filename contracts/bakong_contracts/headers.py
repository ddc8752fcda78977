"""Which headers of a request have one value, so that everybody who reads them reads the same one."""

from collections.abc import Iterable

SINGLE_VALUED = frozenset(
    (
        b"host",
        b"authorization",
        b"content-type",
        b"content-length",
        b"idempotency-key",
        b"x-request-id",
        b"user-agent",
        b"origin",
    )
)


def repeated(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The first single-valued header that comes twice, be it with the same value; names in lowercase, as ASGI has them.

    >>> repeated([(b"host", b"a"), (b"accept", b"b"), (b"accept", b"c"), (b"host", b"a")])
    'host'
    """
    names = set[bytes]()
    for name, _ in headers:
        if name in SINGLE_VALUED:
            if name in names:
                return name.decode()
            names.add(name)
    return None
