"""Whether this process was told to stop: what answers without an end looks at, so that it ends in time."""

from threading import Event

STOPPING = Event()
"""Set once the web worker of this process stops."""
