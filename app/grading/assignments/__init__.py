"""Works to judge that are assigned to one of the trainers of their cohort."""
