"""Write contracts/openapi: the OpenAPI documents of the Open API, the service and the control API, as served."""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "contracts" / "openapi"


def documents() -> dict[str, Any]:
    """Each document by its file's name."""
    sys.path.insert(0, str(ROOT))
    from bakong_sandbox.stack.schemes import SCHEMES  # noqa: PLC0415
    from bakong_schemes.bakong.wire.document import document  # noqa: PLC0415  found from the checkout
    from bakong_service.adapters.metrics import CONTENT_TYPE  # noqa: PLC0415
    from bakong_service.api import operations, routes  # noqa: PLC0415
    from bakong_simulator.control import routes_of  # noqa: PLC0415

    app = routes.build(None, docs=True)  # type: ignore[arg-type]  a document needs no core
    app.include_router(operations.router({}, now_ms=lambda: 0, metrics=bytes, media_type=CONTENT_TYPE))
    return {"open-api.json": document(), "service.json": app.openapi()} | {
        "control-api.json": routes_of(SCHEMES).openapi()
    }


def text_of(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, document in documents().items():
        (FOLDER / name).write_text(text_of(document), encoding="utf-8")
