"""The tables of the register."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from mailing_app.db import Moment, db
from mailing_app.models.kinds import ActorKind, Id, ImportState, one_of


class Client(db.Model):
    """Somebody who can be written to. An erased client stays as a row without phone and tag, for the figures."""

    __table_args__ = (
        CheckConstraint("phone IS NULL OR (length(phone) = 11 AND phone LIKE '7%')", name="phone"),
        CheckConstraint("length(operator_code) = 3", name="operator_code"),
        Index(None, "operator_code", "tag"),
        Index(None, "tag"),
        # With it an empty filter is counted without a look at the table: a tenth of the time at a million.
        Index("ix_client_audience", "timezone", "tag", "operator_code",
              sqlite_where=db.text("erased_at IS NULL AND opted_out_at IS NULL"),
              postgresql_where=db.text("erased_at IS NULL AND opted_out_at IS NULL")),
        Index("ix_client_opted_out", "id", sqlite_where=db.text("opted_out_at IS NOT NULL"),
              postgresql_where=db.text("opted_out_at IS NOT NULL")),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    phone: Mapped[str | None] = mapped_column(String(11), unique=True)
    operator_code: Mapped[str] = mapped_column(String(3))
    tag: Mapped[str] = mapped_column(String(100), default="")
    timezone: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    erased_at: Mapped[datetime | None] = mapped_column(Moment)
    opted_out_at: Mapped[datetime | None] = mapped_column(Moment)
    """Since when the client wants no messages: such a client is in no audience."""


class ClientImport(db.Model):
    """A file of clients on its way into the register. The database carries it, so any process can go on with it."""

    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    """The file's own name."""
    state: Mapped[ImportState] = mapped_column(one_of(ImportState, "state"))
    encoding: Mapped[str] = mapped_column(String(16), default="")
    delimiter: Mapped[str] = mapped_column(String(1), default="")
    titles: Mapped[list[str]] = mapped_column(JSON, default=list)
    """The file's first line."""
    mapping: Mapped[list[str]] = mapped_column(JSON, default=list)
    """For each of its columns the field that it fills, empty for none."""
    pieces: Mapped[int] = mapped_column(Integer, default=0)
    """How many pieces the file was cut into, each of whole lines."""
    at_piece: Mapped[int] = mapped_column(Integer, default=0)
    """How many of them the present state is through with."""
    lines: Mapped[int] = mapped_column(Integer, default=0)
    """How many rows the file has below its first line."""
    good: Mapped[int] = mapped_column(Integer, default=0)
    bad: Mapped[int] = mapped_column(Integer, default=0)
    created: Mapped[int] = mapped_column(Integer, default=0)
    updated: Mapped[int] = mapped_column(Integer, default=0)
    unchanged: Mapped[int] = mapped_column(Integer, default=0)
    fault: Mapped[str] = mapped_column(String(300), default="")
    """Why it failed."""
    actor_kind: Mapped[ActorKind] = mapped_column(one_of(ActorKind, "actor_kind"))
    actor: Mapped[str] = mapped_column(String(80))
    """Who brought it, later who had it stored."""
    worker: Mapped[str] = mapped_column(String(64), default="")
    """The process that works at it, renewed with every piece: one that is silent for long loses it."""
    worked_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class ImportPiece(db.Model):
    """Some whole lines of a file, as they came."""

    import_id: Mapped[int] = mapped_column(ForeignKey(ClientImport.id), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    first_line: Mapped[int] = mapped_column(Integer)
    """The number of its first line in the file."""
    bad: Mapped[int] = mapped_column(Integer, default=0)
    bad_lines: Mapped[list[int]] = mapped_column(JSON, default=list)
    """The numbers of the lines at which its faulty rows begin, so that nobody has to judge the good ones again."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
