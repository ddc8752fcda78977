"""Bytes without sense, in the place of the body or of the whole HTTP answer."""

from collections.abc import Callable

from bakong_simulator.reply import Reply


def garbage(reply: Reply, luck: Callable[[], bytes], *, as_: str, bytes_: int) -> Reply:
    noise = b""
    while len(noise) < bytes_:
        noise += luck()
    return reply._replace(raw=noise[:bytes_]) if as_ == "connection" else reply._replace(body=noise[:bytes_])
