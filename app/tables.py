"""Every table of every feature, loaded: for migrations, and for what speaks of all tables at once."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

import app.accompaniment.models
import app.certificates.models
import app.codev.models
import app.cohorts.models
import app.curricula.models
import app.grading.models
import app.learning.models
import app.network.models
import app.people.models
import app.progress.models  # noqa: F401

METADATA: MetaData = SQLModel.metadata
