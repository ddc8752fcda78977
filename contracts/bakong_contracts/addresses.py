"""Where host and port meet: an IPv6 address stands in brackets there."""


def host_and_port(host: str, port: int | None = None) -> str:
    """The authority of a URL, and what a Host header says.

    >>> host_and_port("::1", 8600), host_and_port("::1"), host_and_port("[::1]", 80), host_and_port("example.com", 80)
    ('[::1]:8600', '[::1]', '[::1]:80', 'example.com:80')
    """
    named = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return named if port is None else f"{named}:{port}"
