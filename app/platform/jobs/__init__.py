"""Background jobs, declared by each feature, run on their schedules by any number of workers."""
