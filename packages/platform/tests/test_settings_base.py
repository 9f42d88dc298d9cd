"""A setting that is wrong ends a program with one line that names the variable."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from tandem_platform.settings import Settings, SettingsError


class Example(Settings):
    """Settings as a program has them."""

    port: int = Field(8000, alias="PORT", ge=0, le=65535, description="Port to listen on")
    folder: Path = Field(Path("data"), alias="TANDEM_DATA_DIR", description="Where everything is")
    origins: Annotated[tuple[str, ...], NoDecode] = Field(("a", "b"), alias="TANDEM_ORIGINS")
    sizes: list[int] = Field(default_factory=lambda: [1, 2], alias="TANDEM_SIZES")
    token: SecretStr = Field(SecretStr(""), alias="TANDEM_TOKEN")
    open_door: bool = Field(default=True, alias="TANDEM_OPEN")
    level: str | None = Field(None, alias="TANDEM_LEVEL")

    @field_validator("level")
    @classmethod
    def _known(cls, level: str | None) -> str | None:
        if level not in {None, "high"}:
            raise ValueError("there is no such level")
        return level


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for field in Example.model_fields.values():
        monkeypatch.delenv(str(field.alias), raising=False)
    return iter([monkeypatch])


def test_defaults_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Example.load().port == 8000
    monkeypatch.setenv("PORT", "9000")
    assert Example.load().port == 9000
    assert Example.load({"port": 9001}).port == 9001


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PORT", "eighty", "valid integer"),
        ("PORT", "65536", "less than or equal to 65535"),
        ("PORT", "", "valid integer"),
        ("TANDEM_LEVEL", "s3cr3t", "there is no such level"),
        ("TANDEM_SIZES", "1,2", "sizes"),
        ("TANDEM_OPEN", "s3cr3t", "valid boolean"),
    ],
)
def test_error_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Example.load()
    text = str(caught.value)
    assert reason in text
    assert "\n" not in text
    assert "s3cr3t" not in text
    if name != "TANDEM_SIZES":
        assert text.startswith(f"setting {name} is not valid: ")


def test_error_of_an_option_names_the_variable_as_well() -> None:
    with pytest.raises(SettingsError, match="setting PORT is not valid"):
        Example.load({"port": "eighty"})


def test_description_shows_defaults_and_values_but_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """AU6."""
    monkeypatch.setenv("TANDEM_TOKEN", "s3cr3t")
    monkeypatch.setenv("PORT", "9000")
    described = {setting.name: setting for setting in Example.load().describe()}
    assert described["PORT"] == ("PORT", "8000", "Port to listen on", "9000")
    assert described["TANDEM_TOKEN"].value == "(set)"
    assert described["TANDEM_ORIGINS"].default == "a,b"
    assert described["TANDEM_SIZES"].default == "1,2"
    assert described["TANDEM_OPEN"].default == "true"
    assert described["TANDEM_LEVEL"].default == ""
    assert not any("s3cr3t" in part for setting in described.values() for part in setting)


def test_description_without_an_environment() -> None:
    assert next(Example.model_construct().describe()).value == "8000"
