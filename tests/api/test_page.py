"""The page is served whole, may be kept, and may ask nobody else."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

import api

FOLDER = Path(api.__file__).parent / "page"


@pytest.fixture(scope="module")
def page(client: httpx.Client) -> httpx.Response:
    return client.get("/")


def test_the_page_is_revalidated_and_known_by_its_tag(client: httpx.Client, page: httpx.Response) -> None:
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"
    again = client.get("/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_view_in_the_address_is_the_same_page(client: httpx.Client, page: httpx.Response) -> None:
    assert client.get("/?view=look&model=any&epoch=3").content == page.content


def test_every_file_of_it_is_served_and_kept_for_ever(client: httpx.Client, page: httpx.Response) -> None:
    (base,) = set(re.findall(r"/page/[0-9a-f]{16}", page.text))
    files = [path for path in FOLDER.rglob("*") if path.suffix in {".js", ".css", ".svg"}]
    assert len(files) > 15
    for path in files:
        answer = client.get(f"{base}/{path.relative_to(FOLDER)}")
        assert answer.status_code == 200, path
        assert answer.content == path.read_bytes()
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", ["__init__.py", "%2e%2e/main.py", "..%2fmain.py", "nothing.js"])
def test_nothing_else_is_served(client: httpx.Client, page: httpx.Response, path: str) -> None:
    (base,) = set(re.findall(r"/page/[0-9a-f]{16}", page.text))
    assert client.get(f"{base}/{path}").status_code == 404
    assert client.get(f"/page/0000000000000000/{path}").status_code == 404


def test_a_policy_forbids_to_ask_anybody_else(page: httpx.Response) -> None:
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src")} == {"'self'"}


def test_no_file_of_it_names_another_host() -> None:
    for path in FOLDER.rglob("*"):
        if path.suffix in {".js", ".css", ".html"}:
            hosts = set(re.findall(r"https?://[^\s'\"`)]+", path.read_text("utf-8"))) - {"http://www.w3.org/2000/svg"}
            assert hosts == set(), path
