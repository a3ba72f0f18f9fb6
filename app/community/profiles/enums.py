"""What a profile may say: closed vocabularies, and how the directory is sorted."""

from enum import StrEnum


class Sector(StrEnum):
    """A sector of activity that an advisor knows."""

    AGRIFOOD = "agrifood"
    ARTS = "arts"
    COMMERCE = "commerce"
    CONSTRUCTION = "construction"
    FORESTRY = "forestry"
    HEALTH = "health"
    MANUFACTURING = "manufacturing"
    MINING = "mining"
    PUBLIC_BODIES = "public_bodies"
    SERVICES = "services"
    SOCIAL_ECONOMY = "social_economy"
    TOURISM = "tourism"
    TRANSPORT = "transport"


class Spoken(StrEnum):
    """A language in which an advisor works."""

    FRENCH = "french"
    ENGLISH = "english"
    SPANISH = "spanish"
    INNU = "innu"
    ATIKAMEKW = "atikamekw"
    CREE = "cree"
    ALGONQUIN = "algonquin"
    OTHER = "other"


class Availability(StrEnum):
    """Whether an advisor takes requests of colleagues now."""

    OPEN = "open"
    LIMITED = "limited"
    NOT_NOW = "not_now"


class Contribution(StrEnum):
    """What an advisor promises the network for the year."""

    REVIEW_TOOL = "review_tool"
    WELCOME = "welcome"
    KEEP_RESOURCE = "keep_resource"


class ProfileSort(StrEnum):
    """What the directory of advisors is sorted by."""

    NAME = "nom"
    CHANGED = "mise-a-jour"
