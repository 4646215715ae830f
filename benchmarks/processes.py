"""What the system knows of a process: its processor time, its memory."""

import os
import re
from contextlib import suppress
from glob import glob
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def processor(pid: int) -> float:
    """Seconds of processor that the process has used, in itself and for it in the system."""
    # The name, which may hold anything, stands in brackets before all that is counted.
    figures = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(figures[11]) + int(figures[12])) / _TICK


def memory(pid: int, figure: str = "VmHWM") -> float:
    """Mebibytes of it in memory: the most there ever were, or now (`VmRSS`); of one that has ended none."""
    told = re.search(rf"{figure}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(told[1]) / 1024 if told else 0.0


def together(pid: int) -> float:
    """The same of the process and all that it started, as if nothing were shared between them."""
    found = 0.0
    for each in family(pid):
        with suppress(OSError):  # it has ended
            found += memory(each)
    return found


def family(pid: int) -> list[int]:
    """The process and all that it started, and they in their turn."""
    found = [pid]
    for each in found:
        for tasks in glob(f"/proc/{each}/task/*/children"):
            with suppress(OSError):  # threads come and go
                found += map(int, Path(tasks).read_text().split())
    return found
