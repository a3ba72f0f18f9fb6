"""The page of an activity: what is asked, what was done, and the forms that its participant may use."""
