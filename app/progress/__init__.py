"""Progress as a projection: pure rules fold an enrolment's facts into what is done, what is left and why."""
