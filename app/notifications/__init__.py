"""Messages to people: what has happened that concerns them, in their inbox and by e-mail, once per person and event.

A feature calls ``service.notify(db, Event(…))`` in the transaction of the change. To add a kind: a member of
``enums.Kind``, its parameters in ``rules.PARAMS``, its texts ``message.title.<kind>``, ``message.body.<kind>`` and
``message.kind.<kind>`` in the French and English catalogues (``app/locale/*/notifications.po``).
"""
