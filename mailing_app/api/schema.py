"""What the schemas of the document are put together from."""

from typing import Any

Schema = dict[str, Any]

LARGEST_ID = 10**18 - 1
ID: Schema = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID, "examples": [17]}
COUNT: Schema = {"type": "integer", "minimum": 0, "examples": [0]}
TEXT: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time", "pattern": "Z$", "examples": ["2030-01-31T06:00:00Z"]}
REQUEST_ID: Schema = {"type": "string", "pattern": "^[0-9a-f]{16}$", "examples": ["5f0c6a2b9d3e4871"]}
FLAG: Schema = {"type": "boolean", "examples": [True]}


def ref(name: str) -> Schema:
    """A pointer to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def id_of(name: str) -> Schema:
    """The number of such a thing."""
    return told(f"The number of the {name}.", ID)


def told(words: str, schema: Schema) -> Schema:
    """The schema with a description."""
    return schema | {"description": words}


def an_object(words: str, **properties: Schema) -> Schema:
    """An object that always has all of these properties and no other."""
    return {
        "type": "object", "description": words, "properties": properties, "required": list(properties),
        "additionalProperties": False,
    }  # fmt: skip


def a_list(words: str, items: Schema) -> Schema:
    """A list of such items."""
    return {"type": "array", "description": words, "items": items}


def numbers(words: str, shown: dict[str, int]) -> Schema:
    """An object of counts under names that are not known beforehand."""
    return {"type": "object", "description": words, "additionalProperties": COUNT, "examples": [shown]}


def csv(example: str) -> dict[str, Any]:
    """The content of a body that is CSV."""
    return {"text/csv": {"schema": TEXT, "example": example}}


def optional(schema: Schema) -> Schema:
    """The same object with nothing required."""
    return {key: value for key, value in schema.items() if key != "required"}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return schema | {"type": [schema["type"], "null"]}


def one_of(enum: Any) -> Schema:
    """One of the values of an enum."""
    values = [member.value for member in enum]
    return {"type": "string", "enum": values, "examples": values[:1]}


def one_of_or_null(enum: Any) -> Schema:
    """One of the values of an enum, or null."""
    schema = one_of(enum)
    return or_null(schema) | {"enum": [*schema["enum"], None]}
