"""Read models of a protocol, in the reader's language."""

from app.codev.protocols.enums import SessionPart, Speaker, Variant
from app.codev.protocols.schemas import ConsultationForm, Protocol, Step
from app.platform.schema import Read


class StepShown(Read):
    """A step of a consultation; what the facilitator says may be read aloud as it stands."""

    code: str
    title: str
    minutes: int
    least: int
    most: int
    speaks: Speaker
    purpose: str
    facilitator: tuple[str, ...]
    client: tuple[str, ...]
    consultants: tuple[str, ...]


class MeetingPartShown(Read):
    """A part of a session with its planned minutes."""

    part: SessionPart
    title: str
    minutes: int


class ConsultationShown(Read):
    """A variant of the consultation, and the session in which it stands, break included."""

    code: Variant
    title: str
    use: str
    minutes: int
    steps: tuple[StepShown, ...]
    meeting: tuple[MeetingPartShown, ...]


class ProtocolShown(Read):
    """The protocol that a group follows."""

    protocol_version: str
    title: str
    summary: str
    preparation: StepShown
    follow_up: StepShown
    variants: tuple[ConsultationShown, ...]


def show_protocol(protocol: Protocol) -> ProtocolShown:
    """Return a protocol in the reader's language."""
    return ProtocolShown(
        protocol_version=protocol.version,
        title=protocol.title.text,
        summary=protocol.summary.text,
        preparation=_step(protocol.preparation),
        follow_up=_step(protocol.follow_up),
        variants=tuple(_form(form) for form in protocol.variants),
    )


def _step(step: Step) -> StepShown:
    return StepShown(
        code=step.code,
        title=step.title.text,
        minutes=step.minutes,
        least=step.min,
        most=step.max,
        speaks=step.speaks,
        purpose=step.purpose.text,
        facilitator=tuple(said.text for said in step.facilitator),
        client=tuple(said.text for said in step.client),
        consultants=tuple(said.text for said in step.consultants),
    )


def _form(form: ConsultationForm) -> ConsultationShown:
    return ConsultationShown(
        code=form.code,
        title=form.title.text,
        use=form.use.text,
        minutes=form.minutes,
        steps=tuple(_step(step) for step in form.steps),
        meeting=tuple(MeetingPartShown(part=p.part, title=p.title.text, minutes=p.minutes) for p in form.meeting),
    )
