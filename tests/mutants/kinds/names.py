"""Bugs of who is meant: users that look alike, ids that are too long, numbers that are none, text that is cut."""

import fnmatch
import unicodedata

from tests.mutants.shop_plans import Problem


def number(text):
    """What a loose comparison takes a text for: the number that it spells, or itself."""
    try:
        return float(text)
    except ValueError:
        return text


ALIKE = {
    "any-case": lambda known, name: known.lower() == name.lower(),
    "by-prefix": lambda known, name: bool(name) and known.startswith(name),
    "longer": lambda known, name: name.startswith(known),
    "trimmed": lambda known, name: known.strip() == name.strip(),
    "wildcard": lambda known, name: fnmatch.fnmatchcase(known, name.replace("%", "*").replace("_", "?")),
    "cut": lambda known, name: known[:40] == name[:40],
    "nfc": lambda known, name: unicodedata.normalize("NFC", known) == unicodedata.normalize("NFC", name),
    "ascii": lambda known, name: known.encode("ascii", "ignore") == name.encode("ascii", "ignore"),
    "as-number": lambda known, name: number(known) == number(name),
    "unquoted": lambda known, name: known == name.replace("'", ""),
}


class Names:
    """Mixed into the shop."""

    def meant(self, operation, name):
        """The user that an operation takes a name for."""
        for style, alike in ALIKE.items():
            if self.has(f"{operation}-{style}") and isinstance(name, str) and name not in self.plans:
                known = [*self.plans, *(one["user"] for one in self.payments.values())]
                return next((one for one in known if alike(one, name)), name)
        return name

    def body(self, raw):
        try:
            return super().body(raw)
        except Problem as problem:
            text = raw.decode("utf-8", "replace")
            if problem.status == 400 and self.has("nan-500") and "NaN" in text:
                raise ValueError("NaN") from None
            raise

    def number(self, amount, price):
        """The amount of an order, as it is compared."""
        if amount == "NaN":
            return price if self.has("nan-is-price") else super().number(amount, price)
        if self.has("infinity-is-price") and amount == float("inf"):
            return price
        if self.has("infinity-500") and amount == float("inf"):
            return round(amount)
        if self.has("digits-500") and isinstance(amount, int) and amount > 10**300:
            return float(amount)
        if self.has("amount-by-absolute") and isinstance(amount, int | float) and amount < 0:
            return super().number(-amount, price)
        if self.has("bool-is-price") and amount is True:
            return price
        return super().number(amount, price)

    def user(self, name):
        return super().user(self.meant("reading", name))

    def history(self, user, asked, key):
        return super().history(self.meant("history", user), asked, key)

    def cancel(self, body):
        return super().cancel(body | {"user": self.meant("cancel", body.get("user"))})

    def downgrade(self, body):
        return super().downgrade(body | {"user": self.meant("downgrade", body.get("user"))})

    def beside(self, user):
        """Refuse where somebody else's open upgrade stands in the way."""
        for other, made in self.upgrades.items():
            alike = self.has("quote-refuses-all") or (self.has("quote-refuses-prefix") and other.startswith(user))
            if alike and other != user and self.fresh(self.payments[made]):
                raise Problem(409, "a quote can be paid")

    async def upgrade(self, body):
        self.beside(body.get("user"))
        return await super().upgrade(body | {"user": self.meant("upgrade", body.get("user"))})

    async def renew(self, body, key):
        if self.has("bill-of-any-case") and isinstance(body.get("user"), str):
            for other, held in self.plans.items():
                if other.lower() == body["user"].lower() and (bill := self.open_bill(held)):
                    return {"payment": bill}
        return await super().renew(body | {"user": self.meant("renew", body.get("user"))}, key)

    async def status(self, md5, key):
        if self.has("long-id-500") and len(md5) > 255:
            raise ValueError(md5)
        if self.has("large-id-500") and md5.isdigit():
            int(md5).to_bytes(8, "big")  # as a column of 64 bits
        if self.has("id-longer"):
            md5 = md5[:32]
        if self.has("id-trimmed"):
            md5 = md5.strip()
        if self.has("id-wildcard"):
            md5 = next((one for one in self.payments if fnmatch.fnmatchcase(one, md5.replace("%", "*"))), md5)
        return await super().status(md5, key)

    async def bulk_check(self, ids, key):
        answer = await super().bulk_check(ids, key)
        if self.has("bulk-by-prefix"):
            for row in answer["rows"]:
                known = next((one for one in self.payments.values() if one["id"].startswith(row["id"])), None)
                row["state"] = known and known["state"]
        return answer

    def bill_number(self, user):
        if self.has("code-text-cut"):
            return user.encode()[:25].decode("utf-8", "replace")
        if self.has("code-text-ascii") and not user.isascii():
            return user.encode("ascii", "replace").decode()[:25]
        return super().bill_number(user)

    def user_told(self, user):
        """A user's name, as answers and webhooks tell it."""
        if self.has("answer-text-cut"):
            return user.encode()[:40].decode("utf-8", "replace")
        if self.has("answer-text-latin"):
            return user.encode().decode("latin-1")
        if self.has("answer-text-nfkd"):
            return unicodedata.normalize("NFKD", user)
        return super().user_told(user)

    def put(self, body):
        data = dict(body["data"])
        if self.has("webhook-text-cut"):
            data["user"] = data["user"].encode()[:40].decode("utf-8", "ignore")
        if self.has("webhook-text-ascii"):
            data["user"] = data["user"].encode("ascii", "replace").decode()
        super().put(body | {"data": data})
