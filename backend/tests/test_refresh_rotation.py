"""AU4: the rotation of refresh tokens as a pure machine, against what SPEC.md says of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem_backend.domain.refresh import GRACE_MS, ReusedError, Rotation, begin, present


def test_au4_first_token_is_answered_with_itself_while_young_and_replaced_later() -> None:
    state = begin("t1", 0)
    young = present(state, "t1", "t2", GRACE_MS - 1)
    assert (young.next, young.confirmed) == ("t1", True)
    assert present(young, "t1", "t2", GRACE_MS) == Rotation("t1", "t2", GRACE_MS, confirmed=False)


def test_au4_two_tabs_get_the_same_successor() -> None:
    state = present(begin("t1", 0), "t1", "t2", GRACE_MS)
    assert present(state, "t1", "t3", GRACE_MS + 1).next == "t2"
    confirmed = present(state, "t2", "t3", GRACE_MS + 2)
    assert present(confirmed, "t1", "t4", GRACE_MS + 3).next == "t2", "requests overtake each other"


def test_au4_lost_answer_later_gets_a_new_successor() -> None:
    state = present(begin("t1", 0), "t1", "t2", GRACE_MS)
    state = present(state, "t1", "t3", 2 * GRACE_MS)
    assert state.next == "t3"
    with pytest.raises(ReusedError):
        present(state, "t2", "t4", 2 * GRACE_MS + 1)


def test_au4_token_before_a_confirmed_one_is_theft_once_the_grace_is_over() -> None:
    state = present(begin("t1", 0), "t1", "t2", GRACE_MS)
    state = present(state, "t2", "t3", GRACE_MS + 1)
    with pytest.raises(ReusedError):
        present(state, "t1", "t4", 2 * GRACE_MS)


steps = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2 * GRACE_MS)), max_size=40)


@given(steps)
def test_au4_whatever_is_shown(history: list[tuple[int, int]]) -> None:
    """Each step shows the token that many places before the newest, some milliseconds later."""
    made = ["t0"]
    state, now, last_new = begin("t0", 0), 0, 0
    for back, passed in history:
        now += passed
        shown = made[max(0, len(made) - 1 - back)]
        before = state
        try:
            state = present(before, shown, f"t{len(made)}", now)
        except ReusedError:
            assert shown != before.next, "the newest token is never theft"
            if shown == before.base:
                assert before.confirmed
                assert now - before.issued_at >= GRACE_MS
            return
        assert shown in {before.base, before.next}, "an older token is always theft"
        if state.next != before.next:
            assert now - last_new >= GRACE_MS, "at most one new token in 30 s"
            assert (state.base, state.confirmed) == (shown, False)
            made.append(state.next)
            last_new = now
        else:
            assert now - before.issued_at < GRACE_MS
        # Whoever got this answer can go on with it, now and at any time later.
        assert present(state, state.next, "later", now + 100 * GRACE_MS).next == "later"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3 * GRACE_MS)), max_size=40))
def test_au4_client_whose_answers_get_lost_now_and_then_stays_signed_in(history: list[tuple[bool, int]]) -> None:
    state, now, held = begin("t0", 0), 0, "t0"
    for number, (lost, passed) in enumerate(history):
        now += passed
        state = present(state, held, f"n{number}", now)
        held = held if lost else state.next


@given(st.lists(st.tuples(st.booleans(), st.integers(GRACE_MS, 3 * GRACE_MS)), min_size=2, max_size=20))
def test_au4_copy_that_is_used_beside_the_owner_ends_the_session(turns: list[tuple[bool, int]]) -> None:
    """Thief and owner hold copies of one token; once both have used theirs and moved on, one of them is found out."""
    state, now = begin("t0", 0), 0
    held = {True: "t0", False: "t0"}
    ended = False
    for number, (thief, passed) in enumerate([*turns, (True, GRACE_MS), (False, GRACE_MS), (True, GRACE_MS)]):
        now += passed
        try:
            state = present(state, held[thief], f"n{number}", now)
        except ReusedError:
            ended = True
            break
        held[thief] = state.next
    assert ended
