"""The command `tandem`."""

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from tandem import maintenance
from tandem.backup import backup as write_backup
from tandem.migration import migrate_to as migrate_database
from tandem.migration import shown_url
from tandem.restore import restore as restore_backup
from tandem.serve import serve_embedded
from tandem.settings import EmbeddedSettings
from tandem_backend.storage.database import StorageFullError, StorageUnavailableError
from tandem_platform.data_folder import PRIVATE_UMASK
from tandem_platform.server import StartError
from tandem_platform.settings import SettingsError
from tandem_protocol.accounts import NewPassword

app = typer.Typer(
    help="Tandem, a self-hosted to-do list that is the same on every tab and device, at once.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
DataDir = Annotated[Path | None, typer.Option(help="Folder of the database and the keys [TANDEM_DATA_DIR]")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [HOST]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [PORT]")] = None,
    data_dir: DataDir = None,
) -> None:
    """Run Tandem on one port."""
    serve_embedded(_settings(host=host, port=port, data_dir=data_dir))


@app.command()
def config() -> None:
    """Show every setting: its variable, its present value and its meaning."""
    for setting in _settings().describe():
        typer.echo(f"{setting.name}={setting.value}\n    {setting.description} (default: {setting.default or 'none'})")


@app.command("rotate-epoch")
def rotate_epoch(data_dir: DataDir = None) -> None:
    """Make all clients read everything anew. For after the restore of a database from a backup."""
    count = maintenance.rotate_epoch(_settings(data_dir=data_dir))
    typer.echo(f"Gave {count} space(s) a new epoch. Clients read everything anew and keep their unsent edits.")


@app.command("rotate-keys")
def rotate_keys(data_dir: DataDir = None) -> None:
    """Make a new key for access tokens; the one before still verifies. Takes effect at the next start."""
    kid = maintenance.rotate_keys(_settings(data_dir=data_dir))
    typer.echo(f"New access tokens will be signed with key {kid}, from the next start on.")


@app.command("make-keys")
def make_keys(folder: Path) -> None:
    """Make a folder of keys for backends to share (TANDEM_KEYS_DIR). Keys that are there stay."""
    fingerprint = maintenance.make_keys(folder)
    typer.echo(f"The keys in {folder} have the fingerprint {fingerprint}. Who has them can sign in as anybody.")


@app.command("adopt-keys")
def adopt_keys(data_dir: DataDir = None) -> None:
    """Use the database with the present keys from now on, new ones if they were lost. Devices sign in anew."""
    settings = _settings(data_dir=data_dir)
    fingerprint = maintenance.adopt_keys(settings)
    typer.echo(f"The database is used with the keys in {settings.keys_folder} ({fingerprint}) from now on.")


@app.command("reset-password")
def reset_password(email: str, data_dir: DataDir = None) -> None:
    """Set an account's password, read from the terminal or a pipe, and sign all its devices out."""
    password = _read_password()
    try:
        TypeAdapter[str](NewPassword).validate_python(password)
    except ValidationError as error:
        raise StartError(f"the password is not good: {error.errors()[0]['msg']}") from None
    maintenance.reset_password(_settings(data_dir=data_dir), email, password)
    typer.echo(f"The password of {email} is set; all its devices are signed out.")


@app.command("migrate-to")
def migrate_to(url: str, data_dir: DataDir = None) -> None:
    """Copy the SQLite database into an empty PostgreSQL database. Clients go on where they are."""
    settings = _settings(data_dir=data_dir)
    migrate_database(settings, url, _show_progress)
    typer.echo(
        f"Copied and compared; the SQLite file is as it was. Go on with DATABASE_URL={shown_url(url)}\n"
        f"Keep {settings.keys_folder}: with these keys devices stay signed in. Backends of a cluster share them "
        "by TANDEM_KEYS_DIR."
    )


@app.command()
def backup(
    file: Path,
    *,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Put the keys in as well: who has the file can sign in as anybody")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Write everything into one new file, while Tandem runs or not."""
    write_backup(_settings(data_dir=data_dir), file, with_keys=with_keys)
    typer.echo(f"Wrote {file} ({file.stat().st_size:,} bytes).")


@app.command()
def restore(
    file: Path,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Also where there are accounts or other keys")] = False,
    data_dir: DataDir = None,
) -> None:
    """Put a backup in place of the database. Clients read everything anew and keep their unsent edits."""
    kept = restore_backup(_settings(data_dir=data_dir), file, _show_progress, replace=replace)
    typer.echo(f"Restored {file}. Devices that were given a new refresh token since then have to sign in again.")
    for place in kept:
        typer.echo(f"What was there before is {place}.")


@app.command("version")
def show_version() -> None:
    """Show the version."""
    typer.echo(version("tandem"))


def main() -> None:
    """Run the command; an error that an operator can mend is one line and exit status 1."""
    os.umask(PRIVATE_UMASK)
    try:
        app()
    except (StartError, SettingsError, StorageUnavailableError, StorageFullError) as error:
        sys.stderr.write(f"tandem: {error}\n")
        sys.stderr.flush()
        # Threads of a database that was opened must not keep a failed start alive.
        os._exit(1)


def _show_progress(table: str, rows: int) -> None:
    sys.stdout.write(f"{table}: {rows:,} row(s)\n")
    sys.stdout.flush()


def _read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password: str = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    return password


def _settings(**options: Any) -> EmbeddedSettings:
    return EmbeddedSettings.load({name: value for name, value in options.items() if value is not None})
