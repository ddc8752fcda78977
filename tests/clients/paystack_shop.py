"""A shop's webhook receiver for Paystack: the signature is checked in a line that shares nothing with ours."""

import asyncio
import contextlib
import hashlib
import hmac
import json


def signed_by(secret_key, headers, body):
    """Whether the signature is the HMAC-SHA512 of the raw body under the secret key."""
    return headers["x-paystack-signature"] == hmac.new(secret_key.encode(), body, hashlib.sha512).hexdigest()


class Shop:
    """What was posted to it: headers in lowercase, and the raw body."""

    def __init__(self):
        self.posts = []

    @property
    def events(self):
        return [json.loads(body) for _, body in self.posts]

    def event_names(self):
        return [event["event"] for event in self.events]


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
