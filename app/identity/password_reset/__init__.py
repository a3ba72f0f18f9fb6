"""Reset of a forgotten password: a link sent by e-mail sets a new one, once and within the hour."""
