"""Races and outages gone wrong in the Node example: an edit of docs/examples/node/service.js each."""

import shutil
import sys
from pathlib import Path

from bakong_conformance.service import load
from bakong_explorer import foreign
from bakong_sandbox.devkit.subject import subject

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "node"
BUGS = {
    "grants-in-a-race": [
        ('  if (answer === null || payment.state === "paid") return;', "  if (answer === null) return;"),
    ],
    "an-outage-is-a-failure": [
        ("return response.status === 200 && [0, 1]", "return [0, 1]"),
        ("  } catch { return null; }", "  } catch { return { errorCode: 3 }; }"),
        ('  } else if (errorCode === 3 && payment.state === "open") {', '  } else if (errorCode === 3 && payment.state === "open") { payment.gone = true;'),
        ('  if (payment.state === "paid") return;\n', '  if (payment.state === "paid" || payment.gone) return;\n'),
    ],
    "expired-while-silent": [
        ('  if (answer === null || payment.state === "paid") return;', '  if (answer === null && now() >= payment.ends && payment.state === "open") { payment.state = "expired"; payment.gone = true; }\n  if (answer === null || payment.state === "paid") return;'),
        ('  if (payment.state === "paid") return;\n', '  if (payment.state === "paid" || payment.gone) return;\n'),
    ],
    "one-try-of-a-webhook": [("    if (!good && message.tries < RETRIES_S.length)", "    if (false)")],
    "another-id-each-try": [('"webhook-id": message.id,', '"webhook-id": message.id + "-" + message.tries,'), ("update(`${message.id}.", 'update(`${message.id + "-" + message.tries}.')],
    "sent-is-delivered": [("({ status }) => status >= 200 && status < 300, () => false", "() => true, () => true")],
    "renewed-from-today": [("Math.max(running, now()) + CYCLE_MS", "now() + CYCLE_MS")],
    "any-amount": [("data?.amount === Number(PRICES[payment.currency])\n      && data.currency", "data\n      && data.currency")],
    "not-asked-after-an-outage": [("  if (now() < quietUntil) return null;", "  if (now() < quietUntil || quietUntil < 0) return null;"), ("  } catch { return null; }", "  } catch { quietUntil = -1; return null; }")],
    "ended-unasked": [("async function refresh(payment) {\n", 'async function refresh(payment) {\n  if (now() >= payment.ends && payment.state === "open") { payment.state = "expired"; payment.gone = true; }\n'), ('  if (payment.state === "paid") return;\n', '  if (payment.state === "paid" || payment.gone) return;\n')],
}  # fmt: skip


def planted(name: str, folder: Path) -> Path:
    """The example with the bug, in a folder; its configuration. Raises ValueError where an edit does not fit."""
    source = (EXAMPLE / "service.js").read_text("utf-8")
    for before, after in BUGS[name]:
        if source.count(before) != 1:
            raise ValueError(f"{name}: service.js has {before!r} {source.count(before)} times, expected once")
        source = source.replace(before, after)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "service.js").write_text(source, "utf-8")
    shutil.copy(EXAMPLE / "verify.yaml", folder)
    return folder / "verify.yaml"


def hunt(config: Path, lives: int = 40) -> foreign.Broken | None:
    """The first life that breaks a law, cut short."""
    with subject(load(config), config.parent, "e") as under_test:
        return foreign.explore(under_test, 1, lives)


def main(folder: Path, names: list[str]) -> None:
    for name in names or ["", *BUGS]:
        broken = hunt(planted(name, folder / name) if name else EXAMPLE / "verify.yaml")
        seen = "no law broke" if broken is None else f"seed {broken.seed}, {len(broken.acts)} acts: {broken.seen}"
        print(f"{name or 'the example as it is'}: {seen}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
