"""The optional libraries, loaded when they are needed. Knows what to install for each."""

from importlib import import_module
from typing import Any

from khqr.errors import ImageError

INSTALL = {
    "qrcode": "pip install qrcode",
    "PIL": "pip install pillow",
    "zxingcpp": "pip install 'bakong-sandbox[image]' (or zxing-cpp)",
    "pyzbar": "pip install 'bakong-sandbox[image]' (or pyzbar), and the system's libzbar0",
}


def library(name: str) -> Any:
    """The module. Raises ImageError with the command that installs it."""
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImageError(f"{package} is needed for this and is not installed ({error}): {INSTALL[package]}") from None
