"""Origins as a setting."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cnnservice.settings import Settings
from cnnservice.supervision.stack import child_environment


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        (" , ", ()),
        ("*", ("*",)),
        ("https://example.org", ("https://example.org",)),
        ("https://example.org, http://localhost:3000", ("https://example.org", "http://localhost:3000")),
        ("http://[::1]:65535,https://my_app.example:80", ("http://[::1]:65535", "https://my_app.example:80")),
    ],
)
def test_origins_are_read_from_the_environment_and_handed_on(
    monkeypatch: pytest.MonkeyPatch, text: str, origins: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CNNSERVICE_CORS_ORIGINS", text)
    settings = Settings()
    assert settings.cors_origins == origins
    monkeypatch.setenv("CNNSERVICE_CORS_ORIGINS", child_environment(settings)["CNNSERVICE_CORS_ORIGINS"])
    assert Settings().cors_origins == origins


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("example.org", "'example.org' is no origin: allowed are"),
        ("https://example.org/", "no slash at the end"),
        ("https://example.org/page", "no path"),
        ("https://Example.org", "lower case"),
        ("https://example.org:443", "no port that is the scheme's own"),
        ("http://example.org:80", "no port that is the scheme's own"),
        ("http://example.org:65536", "is no origin"),
        ("http://example.org:080", "is no origin"),
        ("https://user@example.org", "is no origin"),
        ("https://", "is no origin"),
        ("https://*.example.org", "is no origin"),
        ("file://", "with http or https"),
        ("null", "'null' is no origin"),
        ("https://example.org http://localhost:3000", "is no origin"),
        ("*,https://example.org", "stands for every origin, and alone"),
    ],
)
def test_what_no_browser_sends_is_refused(monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    monkeypatch.setenv("CNNSERVICE_CORS_ORIGINS", text)
    with pytest.raises(ValidationError, match="cors_origins") as refused:
        Settings()
    assert said in str(refused.value)
