"""The session, and the tables' names by rule."""

from contextlib import suppress

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Constraints get names by rule, so that migrations and error messages can point at them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ForgivingSession(FlaskSession):
    """A session that can always be ended.

    What a broken connection had begun was undone by its server. An error about it here would turn a page
    that is finished already into a fault, and a dispatcher's second try into its end.
    """

    def rollback(self) -> None:
        with suppress(DBAPIError):
            super().rollback()

    def close(self) -> None:
        with suppress(DBAPIError):
            super().close()


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "class_": ForgivingSession})
