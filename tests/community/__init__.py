"""Tests of the network of advisors."""
