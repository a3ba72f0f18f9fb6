"""The list of an employer's attestations, of the people who consent."""
