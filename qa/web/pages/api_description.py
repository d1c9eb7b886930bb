"""Data for the page that describes the API: /openapi.json with an example request and reply for each route."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter or body field of a route."""

    name: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    request: str
    response: str
    errors: tuple[tuple[str, str], ...]


def routes_of(openapi: Mapping[str, Any], base_url: str) -> tuple[Route, ...]:
    """Every route of an OpenAPI description, in its order."""
    schemas = openapi.get("components", {}).get("schemas", {})
    return tuple(
        _route(path, method, operation, schemas, base_url)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    )


def _route(path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any], base: str) -> Route:
    replies = operation["responses"]
    done = min(replies)  # the status of success
    parameters = [*_in_address(operation), *_in_body(operation, schemas)]
    example = replies[done]["content"].get("application/json", {}).get("example", {})
    return Route(
        anchor=f"{method}{path.replace('/', '-').replace('{', '').replace('}', '')}",
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=tuple(sorted(parameters, key=lambda parameter: not parameter.required)),
        request=_request(path, method, operation, base),
        response=json.dumps(example, ensure_ascii=False, indent=2),
        errors=tuple(
            (status, reply["description"]) for status, reply in replies.items() if "400" <= status < "default"
        ),
    )


def _in_address(operation: Mapping[str, Any]) -> Iterator[Parameter]:
    for given in operation.get("parameters", []):
        yield Parameter(given["name"], _type(given["schema"]), given["required"], _text(given, given["schema"]))


def _in_body(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[Parameter]:
    body = operation.get("requestBody", {"content": {}})["content"].get("application/json")
    if body is None:
        return
    schema = _resolved(body["schema"], schemas)
    for name, field in schema["properties"].items():
        inner = _resolved(field, schemas)
        if "properties" in inner:
            for inner_name, inner_field in inner["properties"].items():
                yield Parameter(
                    f"{name}.{inner_name}", _type(inner_field), required=False, description=_text(inner_field)
                )
        else:
            yield Parameter(name, _type(field), name in schema.get("required", ()), _text(field))


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    return schemas[reference.rpartition("/")[2]] if reference else schema


def _type(schema: Mapping[str, Any]) -> str:
    choices = [_type(choice) for choice in schema.get("anyOf", []) if choice.get("type") != "null"]
    if choices:
        return " or ".join(choices)
    kind = str(schema.get("type", "object"))
    return f"{_type(schema['items'])}s" if kind == "array" else kind


def _text(*described: Mapping[str, Any]) -> str:
    text = next((str(part["description"]) for part in described if part.get("description")), "")
    default = next((part["default"] for part in described if part.get("default") not in (None, [], False)), None)
    return f"{text}. Default {default}" if default is not None else text


def _request(path: str, method: str, operation: Mapping[str, Any], base_url: str) -> str:
    """A curl command for the request. It contains only our own examples, so single quotes are safe."""
    query = {}
    for given in operation.get("parameters", []):
        example = (given.get("examples") or given["schema"].get("examples") or [None])[0]
        if given["in"] == "path":
            path = path.replace(f"{{{given['name']}}}", quote(str(example)))
        elif given["required"]:
            query[given["name"]] = example
    address = f"{base_url}{path}" + (f"?{urlencode(query)}" if query else "")
    command = f"curl '{address}'" if method == "get" else f"curl -X {method.upper()} '{address}'"
    if "security" in operation:
        command += ' \\\n  -H "Authorization: Bearer $QA_ADMIN_TOKEN"'
    for media_type, body in operation.get("requestBody", {"content": {}})["content"].items():
        if media_type == "multipart/form-data":
            command += " \\\n  -F files=@FILE -F files=@FILE"
            continue
        example = body["schema"].get("examples")
        sent = f"-d '{json.dumps(example[0], ensure_ascii=False)}'" if example else "--data-binary @FILE"
        command += f" \\\n  -H 'Content-Type: {media_type}' \\\n  {sent}"
    return command
