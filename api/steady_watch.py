"""Whether the end of a lease may be believed."""

from __future__ import annotations


class SteadyWatch:
    """Tells silence of a worker from silence of everything.

    A lease ends because its holder did not renew it, and that counts only as long as it could have: not while the
    database was away, the whole machine asleep, or the clock being set. So one who watches the database at regular
    times believes in the end of a lease when it has done so without a gap, by the wall clock, for a lease's length.
    """

    def __init__(self, lease_seconds: float, *, gap_seconds: float) -> None:
        """gap_seconds is the longest time between two looks that still counts as no gap."""
        self._lease, self._gap = lease_seconds, gap_seconds
        self._since: float | None = None
        self._last = 0.0

    def saw(self, now: float) -> None:
        """The database took a write at this Unix time."""
        if self._since is None or not 0 <= now - self._last <= self._gap:
            self._since = now
        self._last = now

    def interrupt(self) -> None:
        """The database did not take one."""
        self._since = None

    @property
    def is_steady(self) -> bool:
        """Whether it has taken writes for a lease's length."""
        return self._since is not None and self._last - self._since >= self._lease
