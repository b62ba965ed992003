"""Keys on a real database: what is kept of them, who they let in, and for how long."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cnnservice import audit, keys
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'keys.db'}")
    upgrade(database)
    return database


def test_a_key_lets_its_owner_in_and_its_secret_is_nowhere_in_the_database(database: Database, tmp_path: Path) -> None:
    made, text = keys.create(database, "alice", "train", now=100.0)
    assert keys.authenticate(database, text) == made == keys.by_id(database, made.id)
    secret = text.removeprefix(f"cnn_{made.id}_")
    assert len(secret) == 43  # 256 bits in base64
    database.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret.encode() not in kept
    assert hashlib.sha256(secret.encode()).hexdigest().encode() in kept


def test_what_is_no_key_is_told_so_and_a_wrong_secret_and_an_unknown_id_in_the_same_words(database: Database) -> None:
    made, text = keys.create(database, "alice", "read", now=100.0)
    said = []
    for wrong in (text[:-1] + ("A" if text[-1] != "A" else "B"), text.replace(made.id, "0" * 12)):
        with pytest.raises(keys.BadKey) as caught:
            keys.authenticate(database, wrong)
        said.append(caught.value.detail)
    assert said[0] == said[1]
    for nonsense in ("", "cnn_", "x" * 10_000, text + "\n", text.upper()):
        with pytest.raises(keys.BadKey, match="no key"):
            keys.authenticate(database, nonsense)


@pytest.mark.parametrize("known", [True, False])
def test_a_secret_is_compared_in_constant_time_also_where_there_is_no_such_key(
    database: Database, known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, text = keys.create(database, "alice", "read", now=100.0)
    compared = []
    monkeypatch.setattr(keys.hmac, "compare_digest", lambda one, other: compared.append((len(one), len(other))))
    with pytest.raises(keys.BadKey):
        keys.authenticate(database, text if known else text.replace(made.id, "0" * 12))
    assert compared == [(64, 64)]


def test_a_revoked_key_is_good_for_nothing_and_others_of_its_owner_stay(database: Database) -> None:
    old, old_text = keys.create(database, "alice", "train", now=100.0)
    _, new_text = keys.create(database, "alice", "train", now=101.0)
    assert keys.revoke(database, old.id, now=102.0).revoked_at == 102.0
    assert keys.revoke(database, old.id, now=103.0).revoked_at == 102.0
    with pytest.raises(keys.BadKey):
        keys.authenticate(database, old_text)
    with pytest.raises(keys.BadKey):
        keys.by_id(database, old.id)
    assert keys.authenticate(database, new_text).owner == "alice"
    with pytest.raises(keys.UnknownKey):
        keys.revoke(database, "0" * 12, now=104.0)


def test_keys_count_from_the_first_on_and_for_ever(database: Database) -> None:
    assert not keys.are_on(database)
    made, _ = keys.create(database, "alice", "read", now=100.0)
    keys.revoke(database, made.id, now=101.0)
    assert keys.are_on(database)


def test_each_scope_holds_those_before_it(database: Database) -> None:
    granted = {}
    for scope in keys.SCOPES:
        made, _ = keys.create(database, "alice", scope, now=100.0)
        granted[scope] = [wanted for wanted in ("read", "train", "admin") if made.grants(wanted)]
        assert made.viewer.may_see("bob") == made.viewer.may_see(None) == (scope == "admin")
        assert made.viewer.may_see("alice")
    assert granted == {"read": ["read"], "train": ["read", "train"], "admin": ["read", "train", "admin"]}


@pytest.mark.parametrize("owner", ["", "Alice", "../alice", "a b", "-a", "a" * 65, "a\n"])
def test_an_owner_is_named_so_that_the_name_can_stand_in_a_path(database: Database, owner: str) -> None:
    with pytest.raises(keys.BadOwner):
        keys.create(database, owner, "read", now=100.0)
    assert not keys.are_on(database)


def test_the_audit_log_tells_the_newest_first(database: Database) -> None:
    for number in range(3):
        audit.record(database, f"POST /v1/jobs {number}", now=100.0 + number, owner="alice", key_id="k", status=202)
    assert [entry.action[-1] for entry in audit.latest(database, limit=2)] == ["2", "1"]
