"""States of uploads."""

from enum import StrEnum


class UploadState(StrEnum):
    """What has come of a file that is sent in parts; ``damaged``: all of it, and not what was declared."""

    RECEIVING = "receiving"
    WHOLE = "whole"
    DAMAGED = "damaged"
