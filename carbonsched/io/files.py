"""Files: written whole or not at all, read only if they are files, and not without limit."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_STALE = 3600.0  # s after which a temporary file is nobody's any more


class UnreadableError(ValueError):
    """A file that is not to be read, and why; readers make it a fault with the file's name."""


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """Yield a temporary path beside `path` that takes its place only if the block succeeds.

    A link is followed: the file it leads to is replaced. What a killed process left beside it
    long ago is removed.

    Raises
    ------
    FileExistsError
        At `path` is a folder, a device or a pipe: not replaced.
    OSError
        Writing failed, on a full disk for instance; the former file is whole.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise FileExistsError(f"{path} is not a regular file: not replaced")
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path.parent, f".{path.name}.*.part")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        to_disk(temporary)
        temporary.chmod(0o644)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def to_disk(path: Path) -> None:
    """Wait until a file is on the disk: some full disks say so only now."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_leftovers(folder: Path, pattern: str) -> None:
    """Remove temporary files, and folders of such, that no running process can still need."""
    for path in folder.glob(pattern):
        try:
            if time.time() - path.lstat().st_mtime < _STALE:
                continue
            if path.is_dir() and not path.is_symlink():
                for inner in path.iterdir():
                    inner.unlink()
                path.rmdir()
            else:
                path.unlink()
        except OSError:
            continue  # another process was faster, or it is not ours to remove


def read_text(path: Path, most: int) -> str:
    """Return the text of a regular file of at most `most` bytes in UTF-8, with or without BOM.

    Raises
    ------
    UnreadableError
        It is missing, a folder, a pipe or a device, too large, or not such text.
    """
    raw = _read_bytes(path, most)
    if (zero := raw.find(b"\0")) >= 0:
        raise UnreadableError(f"row {_row(raw, zero)}: a zero byte, so not UTF-8 text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at, byte = error.start, raw[error.start]
        raise UnreadableError(
            f"row {_row(raw, at)}: byte 0x{byte:02x} is not UTF-8 text; save the file as UTF-8"
        ) from error


def _read_bytes(path: Path, most: int) -> bytes:
    # Not to wait for the other end of a pipe, the file is opened without blocking.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except FileNotFoundError as error:
        raise UnreadableError("missing") from error
    except OSError as error:
        raise UnreadableError(f"cannot be opened ({error.strerror})") from error
    try:
        require_regular(os.fstat(handle), most)
        with os.fdopen(handle, "rb", closefd=False) as file:
            raw = file.read(most + 1)
    except OSError as error:
        raise UnreadableError(f"cannot be read ({error.strerror})") from error
    finally:
        os.close(handle)
    if len(raw) > most:
        raise UnreadableError(f"larger than {most:,} bytes")
    return raw


def require_regular(about: os.stat_result, most: int) -> None:
    """Raise unless it is a regular file of at most `most` bytes."""
    if not stat.S_ISREG(about.st_mode):
        raise UnreadableError("not a regular file")
    if about.st_size > most:
        raise UnreadableError(f"{about.st_size:,} bytes, at most {most:,} are read")


def _row(raw: bytes, at: int) -> int:
    return raw.count(b"\n", 0, at) + 1
