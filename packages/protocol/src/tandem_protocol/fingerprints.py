"""The record of which wire format each protocol version stands for."""

from collections.abc import Mapping


class UndecidedChangeError(Exception):
    """The wire format changed and the protocol version did not; the text explains what to decide."""


def record(known: Mapping[str, str], version: int, fingerprint: str, *, accept: bool = False) -> dict[str, str]:
    """Return the record with the present format in it.

    Args:
        known: The fingerprint of each version so far.
        version: The present protocol version.
        fingerprint: The present format's, from `schema.fingerprint`.
        accept: Let the present version stand for the present format, whatever it stood for.

    Raises:
        UndecidedChangeError: The version is known with another fingerprint, and ``accept`` is not given.
    """
    before = known.get(str(version))
    if before not in {None, fingerprint} and not accept:
        raise UndecidedChangeError(
            f"the wire format changed and PROTOCOL_VERSION is still {version}. Older clients would meet a"
            " format that they do not know: raise PROTOCOL_VERSION in packages/protocol. As long as no"
            " release speaks this version, run `python tools/generate.py --accept` instead."
        )
    entries = {**known, str(version): fingerprint}
    return dict(sorted(entries.items(), key=lambda entry: int(entry[0])))
