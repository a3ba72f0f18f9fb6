"""Progress of an enrolment, a projection: pure rules compute from its facts what is done, what is left and why."""
