"""The activities that recognition of prior learning exempts (S9, BR-29)."""
