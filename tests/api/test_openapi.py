"""The document is complete and valid. That it is true, every other test of the API checks: see contract.py."""

import json
import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from config import Settings
from mailing_app.app import create_app
from tests.api.routes import operations


def each_operation(specification: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, told) for path, item in specification["paths"].items() for method, told in item.items()]


def test_the_document_is_valid(specification: dict[str, Any]) -> None:
    assert specification["openapi"] == "3.1.0"
    validate(specification)


def test_every_route_is_in_the_document_and_no_other(app: Flask, specification: dict[str, Any]) -> None:
    routes = {(method, re.sub("<id:(.*?)>", r"{\1}", rule)) for method, rule in operations(app)}
    told = {(method.upper(), f"/api/v1{path}") for path, method, _ in each_operation(specification)}
    assert told == routes
    assert len(told) == 37


def test_every_operation_says_what_it_does(specification: dict[str, Any]) -> None:
    names = {tag["name"] for tag in specification["tags"]}
    told = [operation for _, _, operation in each_operation(specification)]
    assert len({operation["operationId"] for operation in told}) == len(told)
    for operation in told:
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= names
        assert {"401", "422", "500", "503"} <= set(operation["responses"])


def test_every_example_is_one(specification: dict[str, Any]) -> None:
    shared = {"components": specification["components"]}
    told = [operation for _, _, operation in each_operation(specification)]
    holders = [operation.get("requestBody", {}) for operation in told]
    holders += [response for part in (*told, shared["components"]) for response in part["responses"].values()]
    contents = [content for holder in holders for content in holder.get("content", {}).values()]
    shown = [content for content in contents if "example" in content]
    assert len(shown) >= len(told)
    for content in shown:
        Draft202012Validator(content["schema"] | shared).validate(content["example"])


def test_everything_is_described_and_shown(specification: dict[str, Any]) -> None:
    shared, bare = specification["components"], []
    told = [operation for _, _, operation in each_operation(specification)]
    parameters = [given for operation in told for given in operation["parameters"] if "$ref" not in given]
    for given in [*parameters, *shared["parameters"].values()]:
        if not given.get("description") or "example" not in given:
            bare.append(given["name"])
    for name, schema in shared["schemas"].items():
        if not schema.get("description"):
            bare.append(name)
        bare += [
            f"{name}.{part}"
            for part, shape in schema.get("properties", {}).items()
            if not shape.get("description") and "$ref" not in shape
        ]
    assert bare == []


def test_a_new_thing_leads_to_what_can_be_asked_of_it(specification: dict[str, Any]) -> None:
    links = specification["paths"]["/clients"]["post"]["responses"]["201"]["links"]
    assert links["read_client"] == {"operationId": "read_client", "parameters": {"client_id": "$response.body#/id"}}
    assert links.keys() >= {"change_client", "erase_client", "opt_client_out"}


def test_the_document_is_english_whoever_asks(app: Flask, specification: dict[str, Any]) -> None:
    russian = app.test_client().get("/apispec.json", headers={"Accept-Language": "ru"}).json
    assert russian == specification
    assert not re.search("[а-яё]", json.dumps(specification, ensure_ascii=False), re.I)


def test_each_application_has_a_document_of_its_own(settings: Settings, specification: dict[str, Any]) -> None:
    for _ in range(2):
        assert create_app(settings).test_client().get("/apispec.json").json == specification


def test_the_documentation_comes_whole_from_this_host(visitor: FlaskClient) -> None:
    page = visitor.get("/docs")
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href|data-specification)="(.*?)"', page.text)
    assert len(addresses) == 7
    for address in addresses:
        with visitor.get(address) as part:
            assert part.status_code == 200, address
    assert not re.search(r"<script>|<style|style=|https?://", page.text)
