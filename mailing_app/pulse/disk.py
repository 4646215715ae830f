"""The disks that this process writes to."""

import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from sqlalchemy.engine import make_url

from mailing_app.pulse.instruments import DISK_FREE, DISK_SIZE

DATA, UPLOADS = "data", "uploads"
"""SQLite's file, or where the server's own files are; and what is on its way in."""


LEAST_FREE = 256 * 2**20
"""Bytes that a disk needs for work: the largest file that may be brought."""


class Disk(NamedTuple):
    """How much a disk has left, and how much there is of it, in bytes."""

    place: str
    free: int
    size: int

    @property
    def is_short(self) -> bool:
        """Whether too little is left for work."""
        return self.free < LEAST_FREE


def disks(app: Flask) -> Sequence[Disk]:
    """The disks of this process; one whose folder is not there is left out."""
    return [_disk(place, folder) for place, folder in _folders(app).items() if folder.is_dir()]


def show_disks(app: Flask) -> None:
    """Let the figures of this process tell of its disks."""
    for place, folder in _folders(app).items():
        if folder.is_dir():
            DISK_FREE.labels(place).set_function(partial(_free, place, folder))
            DISK_SIZE.labels(place).set(_disk(place, folder).size)


def _folders(app: Flask) -> dict[str, Path]:
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    of_sqlite = url.get_backend_name() == "sqlite" and url.database
    data = Path(of_sqlite).parent if of_sqlite else Path(app.instance_path)
    return {DATA: data, UPLOADS: Path(tempfile.gettempdir())}


def _disk(place: str, folder: Path) -> Disk:
    usage = shutil.disk_usage(folder)
    return Disk(place, usage.free, usage.total)


def _free(place: str, folder: Path) -> float:
    return _disk(place, folder).free
