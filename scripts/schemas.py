"""Write docs/schemas: the JSON Schemas of scripts, verify.yaml and load profiles, for editors."""

import json
from pathlib import Path

from bakong_sandbox.stack.schemas import NAMES, schema

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schemas"


def text_of(name: str) -> str:
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in NAMES:
        (FOLDER / f"{name}.json").write_text(text_of(name), encoding="utf-8")
