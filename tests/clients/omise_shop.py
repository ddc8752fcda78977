"""A shop's webhook receiver for Omise: the signature is checked in a few lines that share nothing with ours."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json


def signed_by(secret, headers, body):
    """Whether one of the signatures is the HMAC of `<timestamp>.<raw body>` under the decoded secret."""
    message = headers["omise-signature-timestamp"].encode() + b"." + body
    expected = hmac.new(base64.b64decode(secret), message, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(expected, one.strip()) for one in headers["omise-signature"].split(","))


class Shop:
    """What was posted to it: headers in lowercase, and the raw body."""

    def __init__(self):
        self.posts = []

    @property
    def events(self):
        return [json.loads(body) for _, body in self.posts]

    def event_keys(self):
        return [event["key"] for event in self.events]


@contextlib.asynccontextmanager
async def receiving():
    """A shop, and the URL of its webhook."""
    shop = Shop()

    async def serve(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in head[1:])}
                body = await reader.readexactly(int(headers["content-length"]))
                shop.posts.append((headers, body))
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield shop, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks"
    finally:
        server.close()
