"""Where the service may listen while anybody could do anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnservice import keys
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.exposure import ExposedWithoutKeys, check_exposure, is_loopback
from cnnservice.settings import Settings


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.7", False),
        ("localhost.example.org", False),
    ],
)
def test_which_addresses_are_this_machines_own(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback


def test_another_address_needs_a_key_or_to_be_told(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'keys.db'}")
    upgrade(database)
    open_to_all = Settings(host="0.0.0.0")
    check_exposure(Settings(), database)
    check_exposure(Settings(host="0.0.0.0", allow_without_keys=True), database)
    with pytest.raises(ExposedWithoutKeys, match="cnnservice keys create"):
        check_exposure(open_to_all, database)
    made, _ = keys.create(database, "alice", "admin", now=100.0)
    check_exposure(open_to_all, database)
    keys.revoke(database, made.id, now=101.0)
    check_exposure(open_to_all, database)
