"""Sign-ins: verifying a password, authenticating a request, the devices one is signed in on."""
