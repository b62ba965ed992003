"""What a job and a sweep have in common: they run, are asked how they stand, stopped and deleted."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from cnnservice.client.transport import Transport


class Resource:
    """A document of the service's as it stood when it was last asked for; refresh() asks again."""

    _collection: ClassVar[str]
    """Where all of its kind are."""

    def __init__(self, transport: Transport, document: dict[str, Any]) -> None:
        self._transport, self.json = transport, document

    @property
    def id(self) -> str:
        """Its id; a job's is its model's, too."""
        return str(self.json["id"])

    @property
    def status(self) -> str:
        """running, succeeded, failed or cancelled; a job may also be queued."""
        return str(self.json["status"])

    def refresh(self) -> Self:
        """Ask how it stands. Returns itself."""
        self.json = self._transport.get_json(self._path())
        return self

    def cancel(self) -> Self:
        """Stop it, and keep the epochs there are. Returns itself. Raises ProblemError when it has ended."""
        self.json = self._transport.post(self._path("cancel"))
        return self

    def delete(self) -> None:
        """Delete it with all that was trained. Raises ProblemError while it runs."""
        self._transport.delete(self._path())

    def _path(self, *below: str) -> str:
        return "/".join([self._collection, self.id, *below])
