"""Files and folders that hold payments: for their owner alone, unless the owner has let a group read them."""

import os
from pathlib import Path
from typing import BinaryIO


def private_folder(folder: Path) -> None:
    """Make a folder of 0700 where there is none; one that is there is its owner's to open. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def private_file(path: Path) -> None:
    """Make a file of 0600 where there is none; one that everybody could read is made so. Raises OSError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    if path.stat().st_mode & 0o007:
        path.chmod(0o600)


def append_to(path: Path) -> BinaryIO:
    """A private file to append to, unbuffered. Raises OSError."""
    private_file(path)
    return path.open("ab", buffering=0)
