"""The pages of a package: whole in themselves, so that they are read without a network."""

from app.platform.web.pages import environment


def activity_page(**values: object) -> bytes:
    """Return the page of an activity."""
    return environment().get_template("learning/package_activity.html").render(values).encode()


def module_page(**values: object) -> bytes:
    """Return the first page of a module, which leads to those of its activities."""
    return environment().get_template("learning/package_module.html").render(values).encode()
