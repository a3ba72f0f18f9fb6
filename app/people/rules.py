"""Pure rules about people: their names as one text."""


def full_name(first_name: str | None, last_name: str) -> str:
    """Return the names in the order in which they are said; a person may have only one, which is their last name."""
    return f"{first_name} {last_name}" if first_name else last_name


def sorted_name(first_name: str | None, last_name: str, chosen_name: str | None = None) -> str:
    """Return the names in the order of lists: the last name first."""
    return " ".join(filter(None, (last_name, first_name, chosen_name)))
