"""Settings are environment variables; each has a default that works on one machine."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, Self, cast

from pydantic import BeforeValidator, SecretStr, ValidationError
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableError


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""Several values in one variable, with commas between them."""


class SettingsError(Exception):
    """A setting is wrong; the text is one line for the operator."""


class Setting(NamedTuple):
    """One setting as documentation shows it."""

    name: str
    default: str
    description: str
    value: str


class Settings(BaseSettings):
    """Base of every service's settings. A field's alias is the name of its environment variable."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    @classmethod
    def load(cls, overrides: Mapping[str, Any] | None = None) -> Self:
        """Read the environment.

        Args:
            overrides: Values by field name that win over the environment (a command's options).

        Raises:
            SettingsError: A value is not valid; says which variable, and why.
        """
        try:
            return cls(**dict(overrides or {}))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = str(first["loc"][0]) if first["loc"] else "settings"
            field = cls.model_fields.get(name)
            shown = str(field.alias) if field is not None and field.alias else name
            reason = str(first["msg"]).removeprefix("Value error, ")
            raise SettingsError(f"setting {shown} is not valid: {reason}") from None
        except UnreadableError as error:
            raise SettingsError(f"a setting is not valid: {error}") from None

    def describe(self) -> Iterator[Setting]:
        """Yield each setting with its default, meaning and present value. Secrets are not shown."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            default = field.get_default(call_default_factory=True, validated_data={})
            shown = "" if default is PydanticUndefined else _shown(default)
            yield Setting(str(field.alias or name), shown, field.description or "", _shown(value))


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case SecretStr():
            return "(set)" if value.get_secret_value() else ""
        case list() | tuple():
            return ",".join(str(item) for item in cast("Sequence[object]", value))
        case _:
            return str(value)
