"""AU3: the keys in the data folder."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tandem_backend.services.signing_keys import add_signing_key, load_keys
from tandem_platform.server import StartError

PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


def test_keys_are_made_once_and_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    keyring = load_keys(folder, lambda: "0001")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "signing-0001.pem": 0o600,
        "refresh.key": 0o600,
    }
    again = load_keys(folder, lambda: "0002")
    assert (again.kid, again.refresh, list(again.public)) == ("0001", keyring.refresh, ["0001"])
    assert again.signing.private_bytes_raw() == keyring.signing.private_bytes_raw()


def test_au3_rotation_keeps_the_older_key_for_its_tokens(tmp_path: Path) -> None:
    load_keys(tmp_path, lambda: "0001")
    add_signing_key(tmp_path, "0002")
    keyring = load_keys(tmp_path, lambda: "unused")
    assert (keyring.kid, sorted(keyring.public)) == ("0002", ["0001", "0002"])
    add_signing_key(tmp_path, "0003")
    assert sorted(load_keys(tmp_path, lambda: "unused").public) == ["0002", "0003"]
    add_signing_key(tmp_path, "0004", keep=0)
    assert list(load_keys(tmp_path, lambda: "unused").public) == ["0004"]
    assert stat.S_IMODE((tmp_path / "signing-0004.pem").stat().st_mode) == 0o600


ED25519 = ed25519.Ed25519PrivateKey.generate()
DAMAGED = {
    "empty": b"",
    "junk": b"no key\n",
    "cut off": ED25519.private_bytes(PEM, PKCS8, serialization.NoEncryption())[:60],
    "passphrase": ED25519.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"x")),
    "public": ED25519.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
    "another kind": ec.generate_private_key(ec.SECP256R1()).private_bytes(PEM, PKCS8, serialization.NoEncryption()),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_signing_key_is_one_line_for_the_operator(tmp_path: Path, content: bytes) -> None:
    load_keys(tmp_path, lambda: "0001")
    (tmp_path / "signing-0001.pem").write_bytes(content)
    with pytest.raises(StartError, match=r"signing-0001\.pem") as caught:
        load_keys(tmp_path, lambda: "0002")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_damaged_refresh_key_is_one_line_for_the_operator(tmp_path: Path, content: bytes) -> None:
    load_keys(tmp_path, lambda: "0001")
    (tmp_path / "refresh.key").write_bytes(content)
    with pytest.raises(StartError, match=r"refresh\.key is damaged"):
        load_keys(tmp_path, lambda: "0002")


def test_folder_that_is_a_file_is_one_line_for_the_operator(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    with pytest.raises(StartError, match="cannot use the keys"):
        load_keys(tmp_path / "keys", lambda: "0001")
