"""Converts frozen dataclasses to canonical JSON and back; reading checks every field.

Fields may be `int`, `float`, `str`, `bool`, a `StrEnum`, another dataclass, `tuple[X, ...]`, `Mapping[str, X]`, or
`X | None`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

_Record = TypeVar("_Record")
_PLAIN = (int, float, str, bool, NoneType)


def canonical(value: object) -> bytes:
    """Canonical JSON, as used for digests: sorted keys, no white space, UTF-8."""
    data = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def from_data(record: type[_Record], data: object) -> _Record:
    """A dataclass from parsed JSON.

    Raises:
        ValueError: a field is missing, unknown, or of another type; the message names it.
    """
    return cast("_Record", _value(record, data, ""))


def _value(kind: Any, data: Any, where: str) -> object:
    if is_dataclass(kind):
        return _record(cast("type", kind), data, where)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple and isinstance(data, list):
        return tuple(_value(arguments[0], each, f"{where}[{place}]") for place, each in enumerate(data))
    if origin is Mapping and isinstance(data, dict):
        return {name: _value(arguments[1], each, f"{where}.{name}") for name, each in data.items()}
    if isinstance(kind, UnionType):
        return None if data is None else _value(arguments[0], data, where)
    if isinstance(kind, type) and issubclass(kind, StrEnum) and isinstance(data, str):
        return kind(data)
    if kind in _PLAIN and type(data) is kind:
        return data
    raise ValueError(f"{where.lstrip('.') or 'it'} is {_shown(data)}")


def _record(kind: type, data: object, where: str) -> object:
    if not isinstance(data, dict):
        raise ValueError(f"{where.lstrip('.') or 'it'} is {_shown(data)}")  # noqa: TRY004 - one error for all faults of data
    kinds = _kinds(kind)
    if data.keys() != kinds.keys():
        odd = ", ".join(sorted(map(str, data.keys() ^ kinds.keys())))
        raise ValueError(f"{where.lstrip('.') or 'it'} lacks or does not know: {odd}")
    return kind(**{name: _value(kinds[name], each, f"{where}.{name}") for name, each in data.items()})


@cache
def _kinds(record: type) -> dict[str, Any]:
    hints = get_type_hints(record)
    return {field.name: hints[field.name] for field in fields(record)}


def _shown(data: object) -> str:
    return f"{type(data).__name__} {str(data)[:40]!r}"
