"""A bot that sells by chat: it asks the messenger for updates, sends codes, and asks Bakong about them in between.

The messenger's API is Telegram's: getUpdates with an offset, sendMessage.
"""

import json
import os
import urllib.error
import urllib.request

from khqr import Currency, Individual, encode

TELEGRAM, BAKONG, TOKEN = (os.environ[name] for name in ("TELEGRAM_URL", "BAKONG_URL", "BAKONG_TOKEN"))
NOW_MS = int(os.environ["NOW_MS"])
MENU = {"/buy_vpn": ("VPN, one month", "2.00"), "/buy_key": ("a licence key", "0.50")}
http = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post(url, body, **headers):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
    try:
        with http.open(request, timeout=12) as answer:
            return json.load(answer)
    except (urllib.error.URLError, TimeoutError, ValueError):
        return {}


def say(chat, text):
    post(f"{TELEGRAM}/sendMessage", {"chat_id": chat, "text": text})


def sell(chat, command, waiting):
    name, price = MENU[command]
    payee = Individual(
        bakong_account_id="sokha@devb",
        merchant_name="Bot",
        currency=Currency.USD,
        amount=price,
        bill_number=f"T{chat}-{len(waiting)}",
        expiration_timestamp=NOW_MS + 600_000,
    )
    code = encode(payee, now=NOW_MS)
    waiting[code.md5] = (chat, name, price)
    say(chat, f"{name}: scan and pay ${price}\n{code.qr}")


def look(waiting):
    for md5, (chat, name, price) in list(waiting.items()):
        answer = post(f"{BAKONG}/v1/check_transaction_by_md5", {"md5": md5}, Authorization=f"Bearer {TOKEN}")
        if answer.get("responseCode") == 0 and answer["data"]["amount"] == float(price):
            del waiting[md5]
            say(chat, f"Thank you! Here is {name}.")
        elif answer.get("errorCode") == 3:
            del waiting[md5]
            say(chat, "Your payment failed, try again.")


def main():
    offset, waiting = 0, {}
    while True:
        for update in post(f"{TELEGRAM}/getUpdates", {"offset": offset, "timeout": 1}).get("result", []):
            offset = update["update_id"] + 1
            chat, text = update["message"]["chat"]["id"], update["message"].get("text", "")
            if text == "/stop":
                return
            if text in MENU:
                sell(chat, text, waiting)
            else:
                say(chat, "What do you want? " + " ".join(MENU))
        look(waiting)


if __name__ == "__main__":
    main()
