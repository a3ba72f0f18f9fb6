"""Documents that trainers share with a cohort for a workshop or an assessment, with their history."""
