"""Check values against JSON schemas with the jsonschema package (extra ``testing``)."""

from __future__ import annotations

import re
from typing import Any

from xai_vision._optional_imports import import_optional


class UnusableSchemaError(ValueError):
    """A schema is not valid, or refers to another document."""


def mismatch(schema: Any, value: Any) -> str:
    """Return where and why ``value`` does not match ``schema``, or "" if it does.

    A schema without ``$schema`` follows draft 2020-12. Nothing is fetched: a ``$ref`` to another
    document cannot be resolved.

    Raises:
        ImportError: jsonschema is not installed.
        UnusableSchemaError: The schema is not valid, or refers to another document.
    """
    jsonschema = import_optional("jsonschema", "testing", "Checking JSON against a schema")
    referencing = import_optional("referencing", "testing", "Checking JSON against a schema")
    validator_class = jsonschema.validators.validator_for(
        schema, default=jsonschema.Draft202012Validator
    )
    try:
        validator_class.check_schema(schema)
        # An empty registry, because the default one would fetch references over the network.
        errors = validator_class(schema, registry=referencing.Registry()).iter_errors(value)
        error = jsonschema.exceptions.best_match(errors)
    except jsonschema.SchemaError as invalid:
        message = f"the schema itself is not valid at {invalid.json_path}: {invalid.message}"
        raise UnusableSchemaError(message) from None
    except (referencing.exceptions.Unresolvable, re.error, RecursionError) as failure:
        raise UnusableSchemaError(f"the schema cannot be checked: {failure}") from None
    return f"at {error.json_path}: {error.message}" if error else ""
