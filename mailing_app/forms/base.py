"""What all forms share: a page's submission, JSON judged by the same rules, and the schema."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Self

import wtforms
from flask import g
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import FormField
from wtforms.validators import ValidationError

from mailing_app.errors import Invalid, Refused, Stale
from mailing_app.forms.fields import EMPTY, REQUIRED, Input

UNKNOWN = _l("There is no such field.")
READ_ONLY = _l("This field cannot be set.")
NO_OBJECT = _l("Must be a JSON object.")

MOST_UNKNOWN = 20
"""So many names of one object that no field has are told of: a body has room for hundreds of thousands."""


class FormPart(wtforms.Form):
    """A form inside a form: an object inside the JSON."""

    nullable = False
    """Whether null stands for "none"; an object then needs every one of its fields."""

    def values(self) -> Any:
        """The checked values of the part."""
        return dict(self.data)


class Form(FlaskForm):
    """A form of the service. `read_only` names what its resource shows beside what can be set."""

    class Meta(FlaskForm.Meta):
        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What was sent; on a page that only shows its form, what had been kept of it before."""
            sent = super().wrap_formdata(form, formdata)
            return g.get("typed") if sent is None and formdata is not None else sent

    read_only: tuple[str, ...] = ()
    refusal: Refused | Stale | None = None
    """Why well-shaped values came to nothing."""

    def values(self) -> dict[str, Any]:
        """The checked values, ready to be the named arguments of an operation."""
        return {
            name: field.form.values() if isinstance(field, FormField) else field.data for name, field in inputs(self)
        }

    def submitted_to(self, operation: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """For pages: check, call, and put a refusal beside its field. None when it came to nothing."""
        if not self.validate_on_submit():
            return None
        try:
            return operation(*given, **named, **self.values())
        except (Refused, Stale) as refusal:
            self.refuse(refusal)
            return None

    def refuse(self, refusal: Refused | Stale) -> None:
        """Put a refusal beside its field."""
        self.refusal = refusal
        self._place_of(refusal).append(gettext(refusal.message, **refusal.values))

    def _place_of(self, refusal: Refused | Stale) -> list[Any]:
        """Where the sentence of a refusal stands: beside its field, else above the form."""
        field = self._fields.get(getattr(refusal, "field", None) or "")
        if field is None:
            return self.form_errors
        return field.form.form_errors if isinstance(field, FormField) else field.errors

    @classmethod
    def from_json(cls, payload: Any, present: Mapping[str, Any] | None = None, partial: bool = False) -> Self:
        """For the API: the same rules, strict types, unknown keys refused; raises `Invalid`.

        `present` is the resource as GET gives it: what it shows may come back unchanged, and with
        `partial` it stands in for whatever the payload leaves out.
        """
        if not isinstance(payload, dict):
            raise Invalid({"": [str(NO_OBJECT)]})
        if partial:
            payload = merged(cls.carried_over(present or {}, payload), payload)
        errors: dict[str, list[str]] = {}
        formdata: MultiDict[str, str] = MultiDict()
        gather(cls.blank(), payload, present or {}, formdata, errors)
        return cls._judged(formdata, errors)

    @classmethod
    def carried_over(cls, present: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG003
        """What of the present resource stays where a PATCH says nothing."""
        return {name: present[name] for name in cls.names() if name in present}

    @classmethod
    def _judged(cls, formdata: MultiDict[str, str], errors: dict[str, list[str]]) -> Self:
        form = cls(formdata=formdata, meta={"csrf": False})
        form.validate()
        errors = dict(flattened(form.errors)) | errors
        if errors:
            raise Invalid(errors)
        return form

    @classmethod
    def blank(cls) -> Self:
        """A form that nobody sent, to read its fields."""
        return cls(formdata=None, meta={"csrf": False})

    @classmethod
    def names(cls) -> list[str]:
        """The names of what can be set."""
        return [name for name, _ in inputs(cls.blank())]

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """The form as an OpenAPI schema of the JSON it takes."""
        return _schema(cls.blank())


class Query(Form):
    """The parameters of a list, for the page's table and the API's list alike."""

    class Meta:
        csrf = False

    @classmethod
    def from_query(cls, args: MultiDict[str, str]) -> Self:
        """For the API: every parameter known, given once and sensible, else `Invalid`."""
        known = cls.names()
        errors = of_no_field(name for name in args if name not in known)
        # An empty one would else narrow nothing: who asked for one client would get them all.
        errors |= {name: [str(EMPTY)] for name, value in args.items() if name in known and _is_blank(value)}
        errors |= {name: [gettext("Must be given once.")] for name in args if len(args.getlist(name)) > 1}
        return cls._judged(args, errors)

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """The parameters as a schema: none must be given, and none may be empty."""
        form = cls.blank()
        for _, field in inputs(form):
            field.required = True
        return _schema(form) | {"required": []}

    @classmethod
    def from_page(cls, args: MultiDict[str, str]) -> Self:
        """For pages: what makes no sense is shown beside its field and filters nothing."""
        form = cls(formdata=args, meta={"csrf": False})
        form.validate()
        for _, field in inputs(form):
            if field.errors:
                field.data = field.default
        return form


def inputs(form: Any) -> Iterator[tuple[str, Any]]:
    """The fields that carry values: no CSRF token, no button."""
    for field in form:
        if isinstance(field, (Input, FormField)):
            yield field.short_name, field


def merged(present: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """JSON merge patch (RFC 7396), but that null is a value like any other."""
    result = dict(present)
    for key, value in change.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def flattened(errors: Mapping[Any, Any], path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Nested errors by path: `filter.tags`."""
    for name, told in errors.items():
        where = ".".join(part for part in (path, name or "") if part)
        if isinstance(told, dict):
            yield from flattened(told, where)
        elif told:
            yield where, [str(sentence) for sentence in told]


def gather(
    form: Any, payload: Mapping[str, Any], present: Mapping[str, Any], formdata: MultiDict[str, str],
    errors: dict[str, list[str]], path: str = "",
) -> None:  # fmt: skip
    """Put what JSON says into `formdata` as a page would send it, and into `errors` what is of no field or type."""
    fields, unknown = dict(inputs(form)), []
    for key, value in payload.items():
        field, where = fields.get(key), f"{path}{key}"
        if isinstance(field, FormField):
            _gather_part(field, value, formdata, errors, where)
        elif field is not None:
            _take(field, value, formdata, errors, where)
        elif key in getattr(form, "read_only", ()):
            # Figures move by themselves between a GET and the PUT that follows it, so they are passed over.
            if present.get(key) != value and not (key in present and isinstance(value, dict)):
                errors[where] = [str(READ_ONLY)]
        else:
            unknown.append(where)
    errors.update(of_no_field(unknown))


def of_no_field(names: Iterable[str]) -> dict[str, list[str]]:
    """The fault of the first `MOST_UNKNOWN` of these names, which no field has."""
    told = [str(UNKNOWN)]
    return dict.fromkeys(islice(names, MOST_UNKNOWN), told)


def _gather_part(
    field: FormField, value: Any, formdata: MultiDict[str, str], errors: dict[str, list[str]], where: str
) -> None:
    if value is None and field.form.nullable:
        return
    if isinstance(value, dict):
        gather(field.form, value, {}, formdata, errors, f"{where}.")
        if field.form.nullable:
            missing = [name for name, _ in inputs(field.form) if _is_blank(value.get(name, ""))]
            errors.update({f"{where}.{name}": [str(REQUIRED)] for name in missing})
    else:
        errors[where] = [gettext("Must be an object.")]


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def _take(field: Input, value: Any, formdata: MultiDict[str, str], errors: dict[str, list[str]], where: str) -> None:
    try:
        formdata.setlist(field.name, field.texts(value))
    except ValidationError as error:
        errors[where] = [str(error)]


def _schema(form: Any) -> dict[str, Any]:
    properties = {}
    for name, field in inputs(form):
        properties[name] = _part(field.form) if isinstance(field, FormField) else field.schema()
    nullable = getattr(form, "nullable", False)
    required = [name for name, field in inputs(form) if nullable or getattr(field, "required", False)]
    kind = ["object", "null"] if nullable else "object"
    schema: dict[str, Any] = {"type": kind, "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def _part(form: Any) -> dict[str, Any]:
    return _schema(form) | {"description": inspect.getdoc(type(form))}
