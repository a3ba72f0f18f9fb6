"""The purposes that a person may consent to."""

from enum import StrEnum


class Purpose(StrEnum):
    """A use of personal data that needs consent."""

    EVALUATION_STUDY = "evaluation_study"
    IMAGE_AND_TESTIMONY = "image_and_testimony"
    EMPLOYER_LIST = "employer_list"
    PROFILE_DIRECTORY = "profile_directory"
    PROFILE_PHOTO = "profile_photo"
    PROFILE_EMPLOYER = "profile_employer"
