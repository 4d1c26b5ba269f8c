"""One agent's OrganicAgent."""

from __future__ import annotations

from collections.abc import Iterator

from .generated import Calls, Event, EventName


class OrganicAgent(Calls):
    """One agent's OrganicAgent: every call of the API is a method."""

    def feed(self, after: str | None = None, *, type: EventName | None = None) -> Iterator[Event]:
        """The feed from after an event (from the beginning without one) to its present end.

        Keep the last event's ``id``, begin there the next time, and none is missed.
        """
        cursor = after
        while True:
            page = self.list_events(after=cursor, type=type, limit=100)
            yield from page["events"]
            following = page.get("nextCursor")
            if not page["events"] or following is None or following == cursor:
                return
            cursor = following
