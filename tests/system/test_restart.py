"""The stack is stopped in the middle of a training and started again."""

from __future__ import annotations

from pathlib import Path

from live import start_stack, wait_for_end, wait_until


def test_a_stack_is_alone_on_its_data_and_when_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    stack = start_stack(tmp_path / "data")
    with stack.client as client:
        spec = {"dataset": "mnist", "epochs": 40, "train_samples": 1280, "test_samples": 64}
        job = client.post("/v1/jobs", json=spec).json()
        wait_until(lambda: client.get(f"/v1/jobs/{job['id']}").json()["epochs_done"] >= 2, "two epochs")
        # An event stream that is open must not keep the service from stopping.
        with client.stream("GET", f"/v1/jobs/{job['id']}/events"):
            assert stack.stop() == 0
    assert _processes_of(stack.data_dir) == []

    again = start_stack(tmp_path / "data")
    try:
        with again.client as client:
            ended = wait_for_end(client, job["id"])
            assert (ended["status"], ended["attempt"]) == ("succeeded", 1), ended["error"]
            history = client.get(f"/v1/models/{job['id']}/history.json").json()
            assert history["epoch"] == list(range(1, 41))
            # Two claims wrote, each below its own token: the job did go on, and did not begin anew.
            writers = sorted((again.data_dir / "artifacts" / "models" / job["id"]).iterdir())
            stored = [len(list(writer.iterdir())) for writer in writers]
            assert len(stored) == 2
            assert sum(stored) == 41
    finally:
        assert again.stop() == 0


def _processes_of(data_dir: Path) -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if (
                folder.name.isdigit()
                and f"CNNSERVICE_DATA_DIR={data_dir}".encode() in (folder / "environ").read_bytes()
            ):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found
