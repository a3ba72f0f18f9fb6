"""Changes of course of the demo network: transfers between colleges (S3), recognition of prior learning (S9)."""
