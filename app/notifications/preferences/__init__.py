"""When a person gets the e-mails of their messages: by kind, at what hours, in which language."""
