"""The disks that this process writes to."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
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
    return [disk for place in _PLACES if (disk := _PLACES[place](app))]


def show_disks(app: Flask) -> None:
    """Let the figures of this process tell of its disks."""
    for place, found in _PLACES.items():
        if found(app):
            DISK_FREE.labels(place).set_function(partial(_figure, app, found, "free"))
            DISK_SIZE.labels(place).set_function(partial(_figure, app, found, "size"))


def _figure(app: Flask, found: Callable[[Flask], Disk | None], name: str) -> float:
    return getattr(found(app), name, 0)


def _data(app: Flask) -> Disk | None:
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    of_sqlite = url.get_backend_name() == "sqlite" and url.database
    folder = Path(of_sqlite).parent if of_sqlite else Path(app.instance_path)
    return _disk(DATA, folder) if folder.is_dir() else None


def _uploads(_app: Flask) -> Disk:
    try:
        return _disk(UPLOADS, Path(tempfile.gettempdir()))
    except FileNotFoundError:  # folders are tried by writing into them, and none takes a byte
        return Disk(UPLOADS, 0, 0)


def _disk(place: str, folder: Path) -> Disk:
    usage = shutil.disk_usage(folder)
    return Disk(place, usage.free, usage.total)


_PLACES: dict[str, Callable[[Flask], Disk | None]] = {DATA: _data, UPLOADS: _uploads}
