"""Signatures of events (EV9)."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem_platform.event_signatures import (
    MAX_AGE_SECONDS,
    SECRET_MIN,
    BadSignatureError,
    EventKeys,
    StaleEventError,
)
from tandem_platform.settings import SettingsError
from tandem_protocol import strategies

NOW = 1_800_000_000.0
ONE = "1" * SECRET_MIN
TWO = "2" * SECRET_MIN


def keys(text: str) -> EventKeys:
    """Return keys that there are."""
    found = EventKeys.parse(text)
    assert found is not None
    return found


def rewritten(event: bytes) -> dict[str, Any]:
    """Return the event as a broker may write it: members in another order, every character escaped."""
    return json.loads(json.dumps(orjson.loads(event), ensure_ascii=True, indent=2, sort_keys=True))


@given(strategies.task_events)
def test_what_was_signed_verifies_however_it_is_written(event: Any) -> None:
    document = event.model_dump(mode="json")
    signed = keys(f"a:{ONE}").sign(orjson.dumps(document), NOW)
    assert keys(f"b:{TWO},a:{ONE}").verify(rewritten(signed), NOW) == document


@given(strategies.task_events, st.data())
def test_what_was_changed_does_not(event: Any, data: st.DataObject) -> None:
    signed = orjson.loads(keys(f"a:{ONE}").sign(event.model_dump_json().encode(), NOW))
    name = data.draw(st.sampled_from([name for name in signed if name != "signature"]))
    if data.draw(st.booleans()):
        del signed[name]
    else:
        signed[name] = [signed[name]]
    with pytest.raises(BadSignatureError) as caught:
        keys(f"a:{ONE}").verify(signed, NOW)
    assert caught.value.reason == "wrong_signature"


@given(st.dictionaries(st.text(), st.recursive(st.none() | st.text() | st.integers(), st.lists)))
def test_no_signature_is_never_a_good_one(signature: dict[str, Any]) -> None:
    with pytest.raises(BadSignatureError):
        keys(f"a:{ONE}").verify({"event_type": "canary", "signature": signature}, NOW)


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        (None, "unsigned"),
        ("text", "malformed_signature"),
        ({"key": "a", "at": 1}, "malformed_signature"),
        ({"key": "b", "at": 1, "mac": ""}, "unknown_key"),
        ({"key": "a", "at": 1, "mac": ""}, "wrong_signature"),
        ({"key": "a", "at": 10**400, "mac": "é\ud800"}, "malformed"),
    ],
)
def test_bad_signatures_have_names(signature: Any, reason: str) -> None:
    with pytest.raises(BadSignatureError) as caught:
        keys(f"a:{ONE}").verify({"event_type": "canary", "signature": signature}, NOW)
    assert caught.value.reason == reason


@pytest.mark.parametrize("away", [-MAX_AGE_SECONDS - 1, MAX_AGE_SECONDS + 1])
def test_old_and_future_events_are_stale(away: float) -> None:
    signed = orjson.loads(keys(f"a:{ONE}").sign(b'{"seq":1}', NOW))
    with pytest.raises(StaleEventError):
        keys(f"a:{ONE}").verify(signed, NOW - away)
    assert keys(f"a:{ONE}").verify(signed, NOW - away / 2) == {"seq": 1}


def test_the_age_cannot_be_changed() -> None:
    signed = orjson.loads(keys(f"a:{ONE}").sign(b'{"seq":1}', NOW - 1000))
    signed["signature"]["at"] += 1_000_000
    with pytest.raises(BadSignatureError):
        keys(f"a:{ONE}").verify(signed, NOW)


def test_keys_are_exchanged_with_an_overlap() -> None:
    """First every reader knows the new key, then writers use it, then the old one goes."""
    old, both, new_first, new = keys(f"a:{ONE}"), keys(f"a:{ONE},b:{TWO}"), keys(f"b:{TWO},a:{ONE}"), keys(f"b:{TWO}")
    for writer, reader in [(old, both), (both, both), (new_first, both), (new_first, new), (new, new)]:
        assert reader.verify(orjson.loads(writer.sign(b'{"seq":1}', NOW)), NOW) == {"seq": 1}


@pytest.mark.parametrize("text", ["a", f"{ONE}", ":" + ONE, "a:short", f"a:{ONE},a:{TWO}"])
def test_wrong_settings_are_named_and_not_shown(text: str) -> None:
    with pytest.raises(SettingsError, match="TANDEM_EVENT_KEYS") as caught:
        EventKeys.parse(text)
    assert ONE not in str(caught.value)


def test_no_keys_are_none() -> None:
    assert EventKeys.parse(" , ") is None
