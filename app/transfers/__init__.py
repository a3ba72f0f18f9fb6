"""Transfers of a person from one cohort to another, in their college or another, with what they carry (S3)."""
