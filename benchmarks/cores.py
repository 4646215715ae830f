"""Which core whom: what is measured has one for itself, and whatever it speaks to has the other."""

import os

_CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def put_beside(pid: int = 0) -> None:
    """Keep that process, this one unless told, off the core of what is measured; so will be all that it starts."""
    _put(pid, _CORES[1:])


def give_its_own(pid: int = 0) -> None:
    """Let that process run on the core of what is measured and on no other."""
    _put(pid, _CORES[:1])


def give_all(pid: int = 0) -> None:
    """Let that process run wherever the system likes."""
    _put(pid, _CORES)


def _put(pid: int, cores: list[int]) -> None:
    """A machine with one core, or a system that pins nobody, leaves all where they are."""
    if len(_CORES) > 1:
        os.sched_setaffinity(pid, cores)
