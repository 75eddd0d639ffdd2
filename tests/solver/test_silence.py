"""Standard output is a process's own: threads that silence it give it back."""

from __future__ import annotations

import os
from threading import Event, Thread

from carbonsched.solver.hand_over import silence


def say(word: str) -> None:
    """Print past Python's own stream, as solvers do."""
    os.write(1, word.encode())


def test_output_is_back_when_the_last_of_two_threads_has_ended(capfd):
    begun, over = Event(), Event()

    def other() -> None:
        with silence(True):
            begun.set()
            assert over.wait(10)
            say("unheard ")

    with silence(True):
        thread = Thread(target=other)
        thread.start()
        assert begun.wait(10)
        say("unheard ")
    say("unheard too, as the other still asks for it ")
    over.set()
    thread.join()
    say("heard")
    assert capfd.readouterr().out == "heard"


def test_who_does_not_ask_is_heard_and_an_error_ends_silence(capfd):
    with silence(False):
        say("heard ")
    try:
        with silence(True):
            raise ValueError
    except ValueError:
        say("after")
    assert capfd.readouterr().out == "heard after"
