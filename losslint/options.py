"""Options of rules: what a rule declares, how a settings file sets it, and how it is told to users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from msgspec import Meta as Meta
from msgspec import Struct, ValidationError, convert, json, structs, to_builtins

from losslint.config import nearest
from losslint.finding import LosslintError


class Options(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What a rule lets its users set: a subclass has a field for each option, with a type, a default, and a `Meta` that describes it.

    A `Meta` may also bound a value: ``Annotated[int, Meta(ge=2, description="…")] = 8``.
    """


Chosen = TypeVar("Chosen", bound=Options)


class Option(Struct, frozen=True):
    """One option of a rule.

    Attributes
    ----------
    name, field
        As a settings file has it, and in the rule's own code.
    default
        What holds where nothing is set.
    about
        What it does.
    schema
        What it may be, as a JSON schema.
    """

    name: str
    field: str
    default: Any
    about: str
    schema: Mapping[str, Any]


def options(kind: type[Options]) -> Iterator[Option]:
    """The options of a rule, in their order."""
    _, parts = json.schema_components([kind])
    described = parts[kind.__name__]["properties"]
    for field in structs.fields(kind):
        told = {key: value for key, value in described[field.encode_name].items() if key not in ("default", "description")}
        about = described[field.encode_name].get("description", "")
        yield Option(field.encode_name, field.name, to_builtins(field.default), about, told)


def schema(kind: type[Options]) -> dict[str, Any]:
    """The JSON schema of the table that sets a rule's options."""
    properties = {option.name: {**option.schema, "default": option.default, "description": option.about} for option in options(kind)}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def decoded(kind: type[Options], name: str, value: Any) -> tuple[str, Any]:
    """The field of one option, and its value.

    Raises
    ------
    LosslintError
        There is no such option, or it must be something else.
    """
    known = {option.name: option for option in options(kind)}
    if name not in known:
        raise LosslintError(f"there is no option `{name}`; {nearest(name, known)}")
    words = known[name].schema.get("enum", ())
    if words and value not in words:
        raise LosslintError(f"{value!r} is not valid; {nearest(str(value), words)}")
    try:
        return known[name].field, getattr(convert({name: value}, kind), known[name].field)
    except ValidationError as error:
        said = str(error).partition(" - at ")[0]
        raise LosslintError(f"{value!r} is not valid: {said[0].lower()}{said[1:]}") from error
