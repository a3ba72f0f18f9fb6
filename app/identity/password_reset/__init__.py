"""A forgotten password: a link by e-mail sets another, once and within the hour."""
