"""A first look at a NetCDF file in a child process, where a crash or a hang harms nobody.

On Linux the child is a copy of this process where that is safe: it has the HDF5 library already,
and answers in a tenth of the time of a new Python. Otherwise it is a new Python.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import NoReturn

from carbonsched.io import probe

PATIENCE = 60.0  # s; a file of the most bytes that are read takes a tenth of it
_PROBE = Path(probe.__file__)


def look(path: Path, most: int) -> list[str]:
    """Return what keeps a file of at most `most` bytes of values from being read."""
    in_child = _in_a_copy if _may_copy() else _in_a_new_python
    try:
        code, said = in_child(str(path.absolute()), most)
    except TimeoutError:
        return [f"reading it did not end within {PATIENCE:g} s"]
    if code:
        how = f"signal {-code}" if code < 0 else "an error"
        return [f"not a readable NetCDF-4 file (the HDF5 library ended with {how})"]
    return list(json.loads(said))


def _may_copy() -> bool:
    """Return whether a copy can wait for no lock of another thread, and can be waited for."""
    usual = sys.platform == "linux" and signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL
    return usual and all(map(_is_known, threading.enumerate()))


def _is_known(thread: threading.Thread) -> bool:
    """Return whether a thread is this one or tqdm's, which waits and holds its own lock at most.

    linopy starts the latter with its first bar of progress, seen or not.
    """
    return thread is threading.current_thread() or type(thread).__module__ == "tqdm._monitor"


def _in_a_copy(path: str, most: int) -> tuple[int, bytes]:
    """Look in a copy of this process; return how it ended, and what it said."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # Later versions of Python warn of threads of any library; those hold nothing it needs.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        _look_and_leave(path, most, writer)
    os.close(writer)
    try:
        said = _read_to_end(reader)
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)  # does nothing to one that has ended, or is ending
        status = os.waitpid(child, 0)[1]
    return os.waitstatus_to_exitcode(status), said


def _look_and_leave(path: str, most: int, writer: int) -> NoReturn:
    """Look, tell it by a pipe, and end the process: nothing else of it may run here."""
    code = 1
    try:
        gc.disable()  # what would be collected is the parent's to close
        faulthandler.disable()
        with open(os.devnull, "w") as nowhere:
            sys.stdout = sys.stderr = nowhere
            for stream in (1, 2):
                os.dup2(nowhere.fileno(), stream)
            said = json.dumps(probe.look(path, most)).encode()
        while said:
            said = said[os.write(writer, said) :]
        code = 0  # and the pipe stays open: that it is closed says that this process has ended
    finally:
        os._exit(code)


def _read_to_end(reader: int) -> bytes:
    """Return what comes through a pipe until it is closed; TimeoutError if that takes too long."""
    end, parts = time.monotonic() + PATIENCE, list[bytes]()
    ready = select.poll()
    ready.register(reader, select.POLLIN)
    while (left := end - time.monotonic()) > 0 and ready.poll(1000 * left):
        part = os.read(reader, 2**16)
        if not part:
            return b"".join(parts)
        parts.append(part)
    raise TimeoutError


def _in_a_new_python(path: str, most: int) -> tuple[int, bytes]:
    """Look in a new Python; return how it ended, and what it said."""
    # By its file name, so that it imports HDF5 only; -P, so that its neighbours hide no module.
    command = [sys.executable, "-P", str(_PROBE), path, str(most)]
    try:
        child = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error
    return child.returncode, child.stdout
