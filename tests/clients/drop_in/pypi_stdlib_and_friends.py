"""The HTTP clients that Python code uses, at NBC's own address: urllib, httpx, requests and, where it is, aiohttp."""

import asyncio
import json
import os
import urllib.request

import httpx
import requests

URL = "https://api-bakong.nbc.gov.kh/v1/check_transaction_by_md5"
HEADERS = {"authorization": "Bearer " + os.environ["BAKONG_TOKEN"], "content-type": "application/json"}
BODY = {"md5": "0" * 32}


async def by_aiohttp():
    try:
        import aiohttp
    except ImportError:
        return None
    async with aiohttp.ClientSession() as session, session.post(URL, json=BODY, headers=HEADERS) as answer:
        return (await answer.json())["errorCode"]


def by_urllib():
    request = urllib.request.Request(URL, json.dumps(BODY).encode(), HEADERS)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["errorCode"]


print(
    json.dumps(
        {
            "urllib": by_urllib(),
            "httpx": httpx.post(URL, json=BODY, headers=HEADERS).json()["errorCode"],
            "requests": requests.post(URL, json=BODY, headers=HEADERS, timeout=10).json()["errorCode"],
            "aiohttp": asyncio.run(by_aiohttp()),
        }
    )
)
