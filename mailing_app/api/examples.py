"""An example for every schema, put together from the examples of its parts."""

from typing import Any


def example(schema: dict[str, Any], known: dict[str, Any]) -> Any:
    """A value that the schema allows; `known` are the schemas that it may point at."""
    if "$ref" in schema:
        return example(known[schema["$ref"].rpartition("/")[2]], known)
    if "examples" in schema:
        return schema["examples"][0]
    if "properties" in schema:
        return {name: example(part, known) for name, part in schema["properties"].items()}
    if "items" in schema:
        return [example(schema["items"], known)]
    return _simple(schema)


def _simple(schema: dict[str, Any]) -> Any:
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return None if "null" in kinds else {"string": "", "boolean": True, "object": {}}.get(kinds[0], 1)
