"""Messages to the workers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import redis

from cnnservice.broker import celery_options
from cnnservice.errors import UnavailableError
from cnnservice.settings import Settings

if TYPE_CHECKING:
    from celery import Celery


class BrokerAway(UnavailableError):
    """The broker does not answer."""

    def __init__(self) -> None:
        super().__init__("The broker does not answer now; try again.")


class Messenger:
    """Sends what Celery's workers receive. Celery is imported for the first message: a tenth of the API's start."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, task: str, *, queue: str, **options: Any) -> None:
        """Send a message, with the options of Celery's send_task. Raises BrokerAway."""
        from kombu.exceptions import OperationalError

        try:
            self._celery.send_task(task, queue=queue, ignore_result=True, **options)
        except (redis.RedisError, OperationalError) as error:
            raise BrokerAway from error

    @cached_property
    def _celery(self) -> Celery:
        from celery import Celery

        celery = Celery("api", set_as_current=False)
        celery.conf.update(celery_options(self._settings))
        return celery
