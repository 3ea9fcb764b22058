"""Keys for cancelling: only the right one stops anything."""

from __future__ import annotations

from server.cancel import CancelKeys


def test_only_the_right_key_cancels() -> None:
    cancelled: list[str] = []
    keys = CancelKeys()
    one = keys.issue(lambda: cancelled.append("one"))
    two = keys.issue(lambda: cancelled.append("two"))
    assert one.process_id != two.process_id
    assert not keys.request(one.process_id, two.secret_key)
    assert not keys.request(99, one.secret_key)
    assert cancelled == []
    assert keys.request(one.process_id, one.secret_key)
    assert cancelled == ["one"]


def test_a_withdrawn_key_is_dead() -> None:
    keys = CancelKeys()
    key = keys.issue(lambda: None)
    keys.withdraw(key)
    assert not keys.request(key.process_id, key.secret_key)


def test_keys_fit_the_wire_and_are_not_guessed() -> None:
    keys = CancelKeys()
    issued = [keys.issue(lambda: None) for _ in range(200)]
    assert all(-(2**31) <= key.secret_key < 2**31 for key in issued)
    assert all(0 < key.process_id < 2**31 for key in issued)
    assert len({key.secret_key for key in issued}) > 190
