"""The web's common ground: pages from templates, problems as JSON or pages."""

from fastapi import Request

from app.platform.web.pages import wants_json

HIDDEN = frozenset({"password", "client_secret", "present", "code", "proposal"})
"""What nobody is shown again, of a form that is refused."""


async def keep_typed(request: Request) -> None:
    """Show people what they had typed when a form is refused: nothing is lost, with or without a script."""
    if request.method == "POST" and not wants_json(request):
        form = await request.form()
        request.state.typed = {k: v for k, v in form.items() if isinstance(v, str) and v and k not in HIDDEN}
