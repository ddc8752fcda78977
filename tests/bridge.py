"""An ASGI app as the transport of a blocking HTTP client, without a port."""

import asyncio

import httpx


class Bridge(httpx.BaseTransport):
    def __init__(self, app):
        self._transport = httpx.ASGITransport(app)

    def handle_request(self, request):
        return asyncio.run(self._answer(request))

    async def _answer(self, request):
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._transport.handle_async_request(sent)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)
