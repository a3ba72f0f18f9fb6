"""People, their accounts, the roles they hold and their sign-ins.

A person is global: one row whatever the colleges. Others see them through what they hold or follow.
"""

from enum import StrEnum


class Purpose(StrEnum):
    """What someone may consent to."""

    EVALUATION_STUDY = "evaluation_study"
    IMAGE_AND_TESTIMONY = "image_and_testimony"
    EMPLOYER_LIST = "employer_list"
