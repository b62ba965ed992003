"""Who is let in, and for what: by key, by ticket, by cookie."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from contract import CheckedClient, Contract
from live import Stack, free_port, wait_until

from .conftest import SPEC, Command, Owner, made, png


@pytest.fixture(scope="module")
def nobody(stack: Stack, owners: dict[str, Owner]) -> httpx.Client:
    """Comes without a key."""
    return CheckedClient(stack.url)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def test_without_a_key_every_operation_of_v1_is_closed_and_the_body_is_not_even_read(nobody: httpx.Client) -> None:
    contract: Contract = nobody.contract  # type: ignore[attr-defined]
    turned_away = 0
    for operation in contract.operations:
        if not operation.path.startswith("/v1/"):
            continue
        path = operation.path.replace("{", "").replace("}", "")
        # What is no JSON would be a problem of its own, if it were looked at.
        answer = nobody.request(operation.method.upper(), path, content=b"{" if operation.method == "post" else None)
        assert problem(answer) == (401, "bad-key"), operation.name
        assert answer.headers["www-authenticate"] == "Bearer"
        turned_away += 1
    assert turned_away > 60
    assert problem(nobody.get("/metrics")) == (401, "bad-key")
    for path in ("/", "/healthz", "/readyz", "/openapi.json"):
        assert nobody.get(path).status_code == 200


@pytest.mark.parametrize(
    "said", ["Bearer", "Bearer x", "Basic YTpi", "Bearer cnn_000000000000_" + "A" * 43, "Bearer \xff", "bearer,x"]
)
def test_what_is_no_key_is_turned_away(nobody: httpx.Client, said: str) -> None:
    answer = nobody.get("/v1/jobs", headers={"Authorization": said.encode("latin-1")})  # type: ignore[dict-item]
    assert problem(answer) == (401, "bad-key")
    assert "Bearer" in answer.json()["detail"] or "another" in answer.json()["detail"]


def test_a_key_to_read_reads_and_changes_nothing(stack: Stack, command: Command, alice: Owner) -> None:
    with CheckedClient(stack.url) as reader:
        reader.headers["Authorization"] = f"Bearer {made(command, 'alice', 'read')}"
        job = alice.made["job_id"]
        assert reader.get(f"/v1/models/{job}/layers").status_code == 200
        picture = {"file": ("a.png", png(9))}
        assert reader.post(f"/v1/models/{job}/predictions", files=picture).status_code == 200
        for method, path in (
            ("POST", "/v1/jobs"),
            ("POST", f"/v1/jobs/{job}/cancel"),
            ("DELETE", f"/v1/jobs/{job}"),
            ("POST", "/v1/datasets"),
            ("DELETE", "/v1/datasets/alices"),
        ):
            answer = reader.request(method, path, json=SPEC if method == "POST" else None)
            assert problem(answer) == (403, "not-granted"), (method, path)
            assert "'train'" in answer.json()["detail"]
        assert alice.client.get(f"/v1/jobs/{job}").status_code == 200


def test_a_revoked_key_is_turned_away_in_a_moment(stack: Stack, command: Command, owners: dict[str, Owner]) -> None:
    key = made(command, "carol", "train")
    with CheckedClient(stack.url) as carol:
        carol.headers["Authorization"] = f"Bearer {key}"
        assert carol.get("/v1/jobs").status_code == 200
        ticket_free = carol.post("/v1/session")
        assert ticket_free.status_code == 201
        key_id = key.split("_")[1]
        assert command("keys", "revoke", key_id).returncode == 0
        wait_until(lambda: carol.get("/v1/jobs").status_code == 401, "the key to be good for nothing")
        # So is the session that it began.
        del carol.headers["Authorization"]
        assert problem(carol.get("/v1/jobs")) == (401, "bad-key")
    listed = command("keys", "list").stdout
    (line,) = [line for line in listed.splitlines() if line.startswith(key_id)]
    assert "carol" in line
    assert "revoked" in line
    assert key.split("_")[2] not in listed


def test_a_session_is_a_cookie_no_script_reads_and_it_trains_nothing(stack: Stack, alice: Owner) -> None:
    begun = alice.client.post("/v1/session")
    set_cookie = begun.headers["set-cookie"].lower()
    assert "httponly" in set_cookie
    assert "samesite=strict" in set_cookie
    assert "max-age=43200" in set_cookie
    alice.client.cookies.clear()
    with CheckedClient(stack.url) as browser:
        browser.cookies.set("cnnservice_session", begun.cookies["cnnservice_session"])
        assert browser.get(f"/v1/jobs/{alice.made['job_id']}").status_code == 200
        assert problem(browser.post("/v1/jobs", json=SPEC)) == (401, "bad-key")
        assert browser.delete("/v1/session").status_code == 204
        browser.cookies.set("cnnservice_session", begun.cookies["cnnservice_session"])
        assert problem(browser.get("/v1/jobs")) == (401, "unknown-session")


def test_a_ticket_opens_the_stream_of_its_owner_without_a_header(
    stack: Stack, nobody: httpx.Client, alice: Owner, bob: Owner
) -> None:
    path = f"/v1/jobs/{alice.made['job_id']}/events"
    assert problem(bob.client.post("/v1/tickets", json={"path": path})) == (404, "unknown-job")
    ticket = alice.client.post("/v1/tickets", json={"path": path}).raise_for_status().json()
    assert nobody.get(ticket["url"]).text.count("event: epoch") == SPEC["epochs"]
    # It opens that, and nothing else.
    elsewhere = f"/v1/jobs/{alice.made['job_id']}?ticket={ticket['ticket']}"
    assert problem(nobody.get(elsewhere)) == (401, "bad-key")


def test_whose_key_it_is_and_what_is_left_can_be_asked(stack: Stack, alice: Owner) -> None:
    wait_until(lambda: alice.client.get("/v1/session").json()["live_jobs"] == 0, "her jobs to end")
    told = alice.client.get("/v1/session").json()
    assert (told["keys"], told["owner"], told["scope"]) == (True, "alice", "train")
    jobs = alice.client.get("/v1/jobs", params={"limit": 200}).json()["items"]
    files = [path for job in jobs for path in stack.files(f"models/{job['id']}/")]
    assert told["stored_bytes"] == sum(len(stack.read(path)) for path in files) > 0
    assert (told["live_jobs"], told["max_live_jobs"]) == (0, 50)


def test_what_is_for_ever_is_kept_by_the_browser_of_its_owner_alone(alice: Owner) -> None:
    answer = alice.client.get(f"/v1/models/{alice.made['job_id']}/layers/FC1/filters.png", params={"epoch": 1})
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


def test_who_asks_too_often_is_told_when_to_come_again(stack: Stack, command: Command, alice: Owner) -> None:
    with httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {made(command, 'dave', 'read')}"}) as dave:
        began = time.monotonic()
        # As many as come at once, and what comes in meanwhile: a slow machine asks for long before it is too often.
        answers = (dave.get("/v1/session") for _ in range(10_000))
        granted, refused = next((n, answer) for n, answer in enumerate(answers) if answer.status_code != 200)
        elapsed = time.monotonic() - began
    assert 400 <= granted <= 401 + 5 * elapsed
    assert problem(refused) == (429, "too-many-requests")
    assert int(refused.headers["retry-after"]) >= 1
    # Nobody else is held up by it.
    assert alice.client.get("/v1/session").status_code == 200


def test_the_audit_log_tells_who_changed_what_and_who_was_refused(stack: Stack, command: Command, alice: Owner) -> None:
    reader = made(command, "eve", "read")
    httpx.delete(f"{stack.url}/v1/jobs/{alice.made['job_id']}", headers={"Authorization": f"Bearer {reader}"})
    told = command("audit", "--limit", "500").stdout
    alices = alice.key.split("_")[1]
    assert f"alice {alices} 127.0.0.1  POST /v1/jobs  202" in told
    assert f"alice {alices} 127.0.0.1  POST /v1/datasets  201" in told
    assert f"eve {reader.split('_')[1]} 127.0.0.1  DELETE /v1/jobs/{alice.made['job_id']}  403" in told
    assert f"keys create {alices} train" in told
    for secret in (alice.key, reader):
        assert secret.split("_", 2)[2] not in told


def test_no_secret_is_in_the_database_or_the_logs(stack: Stack, alice: Owner) -> None:
    secret = alice.key.split("_", 2)[2].encode()
    with sqlite3.connect(stack.data_dir / "cnnservice.db") as database:
        database.execute("PRAGMA wal_checkpoint")
    found = [path for path in stack.data_dir.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert found == []


def test_an_api_that_anybody_could_reach_does_not_start_without_keys(tmp_path: Path, stack: Stack) -> None:
    environment = {
        **stack.environment,
        "CNNSERVICE_DATA_DIR": str(tmp_path),
        "CNNSERVICE_HOST": "0.0.0.0",
        "CNNSERVICE_PORT": str(free_port()),
    }
    up = subprocess.run(
        [sys.executable, "-m", "cnnservice", "up"], env=environment, text=True, capture_output=True, check=False
    )
    assert up.returncode == 1
    assert "CNNSERVICE_ALLOW_WITHOUT_KEYS" in up.stdout
    assert "Traceback" not in up.stdout + up.stderr
