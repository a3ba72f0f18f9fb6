"""Hand-ins, as text or as a file: attempts at assessments, and traces where an activity's page asks for one."""
