"""Bugs of idempotency keys: whose they are, of which call, how much of them counts, and for how long."""

from tests.mutants.shop_plans import Problem


class Repeats:
    """Mixed into the shop."""

    def key_of(self, owner, path, key):
        """How a key is remembered."""
        if key is None:
            return None
        if self.has("key-on-any-path"):
            path = "any"
        if self.has("key-any-case"):
            key = key.lower()
        for size in (8, 16, 32, 64):
            if self.has(f"key-first-{size}"):
                key = key[:size]
        if self.has("key-last-8"):
            key = key[-8:]
        if self.has("key-trimmed-of-digits"):
            key = key.rstrip("0123456789")
        if self.has("key-words-alone"):
            key = "".join(letter for letter in key if letter.isalnum())
        if self.has("key-of-the-revoked") and owner != self.api_key:
            owner = "second"
        if self.has("key-long-500") and len(key) > 255:
            raise ValueError(key)
        if self.has("key-odd-500"):
            key.encode("ascii")
        if self.has("key-long-cut"):
            key = key[:255]
        return super().key_of(owner, path, key)

    def key_life_ms(self):
        if self.has("key-for-ever"):
            return None
        if self.has("key-half-a-day"):
            return 12 * 3_600_000
        if self.has("key-minute-short"):
            return 86_400_000 - 30_000
        if self.has("key-until-midnight"):
            return 86_400_000 - self.now_ms % 86_400_000
        return super().key_life_ms()

    def replayed(self, made):
        if self.has("replay-dead-409") and self.now_ms >= made.get("expires", self.now_ms + 1):
            raise Problem(409, "the payment is over")
        if self.has("replay-state-of-old") and "state" in made:
            return made | {"state": "open"}
        return super().replayed(made)

    async def renew(self, body, key):
        if self.has("key-on-any-path") and key in self.keys:
            return {"payment": self.keys[key][1]}
        return await super().renew(body, key)
