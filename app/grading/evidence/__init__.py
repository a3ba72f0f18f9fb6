"""Evidence of an enrolment, on which a judgement may rest."""
