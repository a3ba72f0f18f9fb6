"""The network of advisors: what its members publish about themselves, each by their own consent."""
