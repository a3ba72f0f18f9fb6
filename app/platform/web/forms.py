"""Forms: what was typed is kept when a form is refused."""

from fastapi import Request

from app.platform.web.pages import wants_json

NEVER_SHOWN_AGAIN = frozenset({"password", "client_secret", "present", "code", "proposal"})
"""The fields whose values are never shown again when a form is refused."""


async def keep_typed(request: Request) -> None:
    """Keep the values of a submitted form in ``request.state.typed``, for the page that refuses it."""
    if request.method == "POST" and not wants_json(request):
        form = await request.form()
        request.state.typed = {k: v for k, v in form.items() if isinstance(v, str) and v and k not in NEVER_SHOWN_AGAIN}
