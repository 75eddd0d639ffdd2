"""Files: written whole or not at all, read only if they are files, and not without limit."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # not POSIX
    fcntl = None

PATIENCE, PAUSE = 10.0, 0.01  # s to wait for another process in all, and between two looks
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
        Writing failed, on a full disk for instance, and the former file is whole; or links lead in
        a circle.
    """
    with replacing_all(path) as (temporary,):
        yield temporary


@contextmanager
def replacing_all(*paths: Path) -> Generator[tuple[Path, ...]]:
    """Yield a temporary path beside each of `paths`; they take their places together, or none does.

    All are whole on the disk before the first takes its place, and if one then cannot, those before
    it are put back. Only a kill between two of these moves leaves one new and one former file.

    Raises
    ------
    FileExistsError
        At one of the paths is a folder, a device or a pipe, or two lead to one file.
    OSError
        As `replacing`; the former files are whole, each of them.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with replacing_all(folder / "day.nc", folder / "day.json") as (arrays, summary):
    ...     _ = arrays.write_bytes(b"...")
    ...     _ = summary.write_text("{}")
    >>> sorted(path.name for path in folder.iterdir())
    ['day.json', 'day.nc']
    """
    targets = [followed(path) for path in paths]
    for target in targets:
        if target.exists() and not target.is_file():
            raise FileExistsError(f"{target} is not a regular file: not replaced")
    if len(set(targets)) < len(targets):
        raise FileExistsError(f"{', '.join(map(str, paths))}: two of these are one file")
    with ExitStack() as stack:
        moves = {stack.enter_context(_beside(target)): target for target in targets}
        yield tuple(moves)
        for temporary in moves:
            to_disk(temporary)
            temporary.chmod(0o644)
        _move(moves)


def followed(path: Path) -> Path:
    """Return the path that links lead to, whether something is there or not.

    Raises
    ------
    OSError
        They lead in a circle.
    """
    real = Path(os.path.realpath(path))
    if any(map(os.path.islink, (real, *real.parents))):
        raise OSError(f"{path}: links lead in a circle, nothing can be written there")
    return real


@contextmanager
def _beside(path: Path) -> Generator[Path]:
    """Yield a new temporary file in the folder of `path`, which is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path.parent, f".{path.name}.*.part")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _move(moves: Mapping[Path, Path]) -> None:
    """Move each file to its target; if one cannot be, put back what the others replaced."""
    first = list(moves.items())[:-1]  # after the last there is nothing that could fail
    former = {
        target: temporary.with_suffix(".former.part")
        for temporary, target in first
        if target.exists()
    }
    tried: list[Path] = []
    try:
        for target, kept in former.items():
            _keep(target, kept)
        for temporary, target in moves.items():
            tried.append(target)
            os.replace(temporary, target)
    except BaseException:
        for target in tried[:-1]:
            if target in former:
                os.replace(former[target], target)
            else:
                target.unlink(missing_ok=True)
        raise
    finally:
        for kept in former.values():
            kept.unlink(missing_ok=True)


def _keep(path: Path, kept: Path) -> None:
    """Keep a file under a second name, without a copy where the file system can."""
    try:
        os.link(path, kept)
    except OSError:
        shutil.copy2(path, kept)


@contextmanager
def alone(lock: Path) -> Generator[None]:
    """Let one process or thread at a time into the block; whoever comes later waits.

    A lock ends with its process, however that ends. `lock` is there for as long as somebody is in
    the block. Where the system or the file system knows no such locks, nobody waits.

    Raises
    ------
    TimeoutError
        Another did not leave the block for `PATIENCE` seconds.
    """
    end = time.monotonic() + PATIENCE
    while (handle := _locked(lock)) is None:
        if time.monotonic() > end:
            raise TimeoutError(
                f"{lock.parent}: another process has been saving there for {PATIENCE:g} s, and "
                "nothing is saved; try again when it has ended"
            )
        time.sleep(PAUSE)
    try:
        yield
    finally:
        with suppress(OSError):  # where an open file cannot be removed it may stay
            lock.unlink()
        os.close(handle)


def _locked(path: Path) -> int | None:
    """Return a handle that holds the lock on a file, or None if another holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = os.path.samestat(os.fstat(handle), os.stat(path))  # or else it was just removed
    except (BlockingIOError, FileNotFoundError):
        held = False
    except OSError:  # no locks here
        held = True
    if held:
        return handle
    os.close(handle)
    return None


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
    raw = read_bytes(path, most)
    if (zero := raw.find(b"\0")) >= 0:
        raise UnreadableError(f"row {_row(raw, zero)}: a zero byte, so not UTF-8 text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at, byte = error.start, raw[error.start]
        raise UnreadableError(
            f"row {_row(raw, at)}: byte 0x{byte:02x} is not UTF-8 text; save the file as UTF-8"
        ) from error


def read_bytes(path: Path, most: int) -> bytes:
    """Return what a regular file of at most `most` bytes holds.

    Raises
    ------
    UnreadableError
        It is missing, a folder, a pipe or a device, or too large.
    """
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
