"""Settings of every program that listens: its certificate, and the proxies before it."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from tandem_platform.proxies import TrustedProxies
from tandem_platform.settings import Settings

_File = Annotated[Path | None, BeforeValidator(lambda value: value or None)]


class ServingSettings(Settings):
    """How browsers and proxies reach the program."""

    trusted_proxies: TrustedProxies = Field(
        ("127.0.0.1", "::1"),
        alias="TANDEM_TRUSTED_PROXIES",
        description="Reverse proxies, addresses or networks, whose X-Forwarded-For and -Proto headers are believed",
    )
    tls_certificate: _File = Field(
        None,
        alias="TANDEM_TLS_CERTIFICATE",
        description="PEM file of the certificate and its chain, for https without a proxy; read again when it changes",
    )
    tls_key: _File = Field(None, alias="TANDEM_TLS_KEY", description="PEM file of the certificate's key, not encrypted")
