"""The candidates for certificates, and the decision to issue one."""
