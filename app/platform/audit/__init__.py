"""The audit record: changes, accesses and refusals, its hash chain, and the register of personal data."""
