"""The shop's door: keys, addresses that are shut out, the limit. Knows nothing of payments."""

import hmac
from collections import deque

from tests.mutants.shop_plans import Problem


class Gate:
    def change_keys(self, body):
        """Test only: make a key, or revoke one."""
        if "revoke" in body:
            self.revoked.add(body["revoke"])
            if not self.has("key-revoked-lives"):
                self.keys_made.discard(body["revoke"])
            return {}
        self.count += 1
        if self.has("key-old-dies"):
            self.keys_made.clear()
        self.keys_made.add(made := f"shop_Key-{self.count}-0123456789abcdef")
        return {"key": made}

    def check_key(self, headers, path, address):
        """The key of the caller. An address with ten wrong keys in five minutes is shut out for fifteen."""
        given = headers.get("authorization", "").removeprefix("Bearer ")
        if self.has("limit-before-key") and given not in self.keys_made:
            self.logs.setdefault(self.api_key, deque()).append(self.now_ms)
        if self.has("limit-by-header"):
            given = given.removeprefix("bearer ")
        if self.has("forwarded-believed"):
            address = headers.get("x-forwarded-for", address)
        if self.has("blocks-everybody"):
            address = "all"
        if self.has("blocks-each-path"):
            address = (address, path)
        since = [
            at
            for at in self.wrong.get(address, [])
            if at > self.now_ms - (10**9 if self.has("blocked-for-ever") else 900_000)
        ]
        if self.has("wrong-keys-kept") and since:
            since = self.wrong[address]
        most = 100 if self.has("never-blocks") else 12 if self.has("blocks-late") else 10
        if len(since) >= most and not (self.has("block-lifted-by-key") and given in self.keys_made):
            raise Problem(403, "the address is blocked")
        try:
            self.judge_key(given, path)
        except Problem:
            self.wrong[address] = [
                *(self.wrong.get(address, []) if self.has("wrong-keys-kept") else since),
                self.now_ms,
            ]
            raise
        return given

    def judge_key(self, given, path):
        key = self.api_key
        if self.has("key-prefix"):
            right = bool(given) and key.startswith(given)
        elif self.has("key-longer"):
            right = given.startswith(key)
        elif self.has("key-length"):
            right = len(given) == len(key)
        elif self.has("key-case"):
            right = given.lower() == key.lower()
        elif self.has("key-missing-passes"):
            right = not given or given == key
        elif self.has("key-empty-passes"):
            right = given in ("Bearer", key)
        elif self.has("odd-key-500"):
            right = any(hmac.compare_digest(given, one) for one in self.keys_made)
        elif self.has("users-open"):
            right = given == key or path.startswith("/users")
        else:
            right = any(hmac.compare_digest(given.encode("latin-1", "replace"), one.encode()) for one in self.keys_made)
        if not right:
            raise Problem(401, "the key is missing or wrong")

    def whose(self, key, path, headers, method):
        """Who shares a limit."""
        if self.has("limit-by-header"):
            return headers["authorization"]
        if self.has("limit-by-forwarded"):
            return headers.get("x-forwarded-for", key)
        return "all" if self.has("limit-global") else (key, path.split("/")[1]) if self.has("limit-each-path") else key

    def admitted_log(self, _log, _now):
        """What counts against the limit, where a bug counts otherwise."""
        return

    def note_admitted(self, log, now):
        """One was admitted."""

    def note_refused(self, log, now):
        """One was refused."""

    def wait_told(self, admitted, now):
        """Seconds until one more is admitted."""
        return -(-(admitted[0] + 60_000 - now) // 1000)

    def limit_told(self, left, oldest_ms, now):
        """The RateLimit fields of an answer: what is left, and for how long the oldest call counts."""
        if self.has("tells-no-limit"):
            return {}
        if self.has("remaining-lies"):
            left = 100
        return {
            "ratelimit-policy": '"default";q=100;w=60',
            "ratelimit": f'"default";r={left};t={-(-(oldest_ms + 60_000 - now) // 1000)}',
        }

    async def check_limit(self, key, path, headers, method):
        """Count one call, and return the fields that tell of it. Raises Problem."""
        if self.has("limit-none"):
            return {}
        whose = self.whose(key, path, headers, method)
        log = self.logs.setdefault(whose, deque())
        now, window, most = self.now_ms, 60_000, 101 if self.has("limit-101") else 99 if self.has("limit-99") else 100
        if self.has("limit-59s"):
            window = 59_000
        if self.has("limit-61s"):
            window = 61_000
        if self.has("limit-bucket"):
            self.tokens = min(100.0, self.tokens + (now - self.refilled) * 100 / 60_000)
            self.refilled = now
            if self.tokens < 1:
                raise Problem(429, "slow down", {"retry-after": 1})
            self.tokens -= 1
            return self.limit_told(int(self.tokens), now, now)
        if self.has("limit-fixed"):
            admitted = [at for at in log if at // 60_000 == now // 60_000]
        elif self.has("limit-counter"):
            admitted = self.counter(log, now)
        else:
            while log and (log[0] < now - window or (log[0] == now - window and not self.has("limit-closed"))):
                log.popleft()
            admitted = list(log)
        if (other := self.admitted_log(log, now)) is not None:
            admitted = other
        if len(admitted) >= most:
            if self.has("limit-counts-refused"):
                log.append(now)
            self.note_refused(log, now)
            wait = self.wait_told([at + window - 60_000 for at in admitted], now)
            if self.has("retry-after-floor"):
                wait = (admitted[0] + window - now) // 1000
            if self.has("retry-after-60"):
                wait = 60
            if self.has("retry-after-ms"):
                wait = admitted[0] + window - now
            told = self.limit_told(0, admitted[0], now) if not self.has("tells-on-success-alone") else {}
            raise Problem(429, "slow down", told | ({} if self.has("retry-after-missing") else {"retry-after": wait}))
        if self.has("limit-racy") and len(admitted) == most - 1:
            await self.meeting()
        log.append(now)
        self.note_admitted(log, now)
        return self.limit_told(max(most - len(admitted) - 1, 0), (admitted or [now])[0], now)

    def counter(self, log, now):
        """Cloudflare's estimate: the last window's count by the share of it that is still inside."""
        this = [at for at in log if at // 60_000 == now // 60_000]
        last = [at for at in log if at // 60_000 == now // 60_000 - 1]
        share = 1 - now % 60_000 / 60_000
        return [now] * int(len(this) + len(last) * share)
