"""Tests of what the network shares."""
