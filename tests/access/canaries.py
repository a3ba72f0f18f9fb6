"""The actors who may read each canary, by place, written by hand from the grants and the rules.

A canary in a response to anyone else is a leak. ``ALMA``: the actors' own cohort; ``FAR``: the college's second
cohort; ``ROUYN``: the other college.
"""

from tests.access.actors import canary

OF_COHORT = {"participant", "peer", "dual", "manager_elsewhere"}
"""Those who follow the cohort, whatever else they are elsewhere."""

ALMA = {
    "Salle": {"coordinator", "admin"},
    "Ancienne": {"coordinator", "admin"},
    "Nom": {"participant", "peer", "trainer", "trainer_elsewhere", "facilitator", "coordinator", "registrar", "admin"},
    "Legal": {"participant", "coordinator", "registrar"},
    "Motif": {"coordinator"},
    "Employeur": {"participant", "coordinator", "registrar"},
    "Doute": {"participant", "registrar"},
    "Reponse": {"participant", "registrar"},
    "Raison": {"participant", "trainer", "coordinator", "registrar"},
    "Texte": {"participant", "trainer", "coordinator"},
    "Equipe": {"participant", "peer", "trainer", "coordinator"},
    "Contenu": {"participant", "trainer", "trainer_elsewhere", "coordinator"},
    "Fichier": {"participant", "trainer", "trainer_elsewhere", "coordinator"},
    "Note": {"participant", "trainer", "coordinator"},
    "Commentaire": {"participant", "trainer", "coordinator", "registrar"},
    "Brouillon": {"trainer"},
    "Reprise": {"participant", "trainer", "coordinator", "registrar"},
    "Formule": {"trainer"},
    "Mandat": {"participant", "trainer", "coordinator"},
    "Entreprise": {"participant", "trainer", "coordinator"},
    "Fiche": {"participant", "peer", "facilitator"},
    "Suite": {"participant", "peer", "facilitator"},
    "Journal": {"participant"},
    "Groupe": {"participant", "peer", "facilitator", "coordinator"},
    "Lieu": {*OF_COHORT, "trainer", "coordinator", "registrar"},
    "Partage": {*OF_COHORT, "trainer", "coordinator", "registrar"},
    "Annule": {*OF_COHORT, "trainer", "coordinator", "registrar"},
    "Visio": {*OF_COHORT, "trainer", "coordinator"},
    "Demande": {"participant", "trainer", "trainer_elsewhere", "coordinator", "registrar"},
    "Retenue": {"participant", "coordinator", "registrar"},
    "Acquis": {"participant", "trainer", "registrar"},
    "Signe": {"participant", "coordinator", "registrar"},
    "Message": {"participant"},
    "Annonce": {"coordinator"},
    "Repertoire": {"coordinator", "registrar"},
    "Correction": {"participant", "coordinator", "registrar"},
    "Transfert": {"participant", "peer", "coordinator", "registrar"},
}

FAR = {
    "Salle": {"coordinator", "admin"},
    "Ancienne": {"coordinator", "admin"},
    "Titre": {"trainer_elsewhere", "trainer", "coordinator", "registrar", "admin", "token"},
    "Nom": {"trainer_elsewhere", "trainer", "coordinator", "registrar", "admin"},
    "Legal": {"coordinator", "registrar"},
    "Motif": {"coordinator"},
    "Employeur": {"coordinator", "registrar"},
    "Doute": {"registrar"},
    "Reponse": {"registrar"},
    "Raison": {"trainer_elsewhere", "coordinator", "registrar"},
    "Texte": {"trainer_elsewhere", "coordinator"},
    "Equipe": {"trainer_elsewhere", "coordinator"},
    "Contenu": {"trainer_elsewhere", "trainer", "coordinator"},
    "Fichier": {"trainer_elsewhere", "trainer", "coordinator"},
    "Note": {"trainer_elsewhere", "coordinator"},
    "Commentaire": {"trainer_elsewhere", "coordinator", "registrar"},
    "Brouillon": {"trainer_elsewhere"},
    "Reprise": {"trainer_elsewhere", "coordinator", "registrar"},
    "Formule": {"trainer_elsewhere"},
    "Mandat": {"trainer_elsewhere", "coordinator"},
    "Entreprise": {"trainer_elsewhere", "coordinator"},
    "Fiche": set(),
    "Suite": set(),
    "Journal": set(),
    "Groupe": {"coordinator"},
    "Lieu": {"trainer_elsewhere", "coordinator", "registrar"},
    "Partage": {"trainer_elsewhere", "coordinator", "registrar"},
    "Annule": {"trainer_elsewhere", "coordinator", "registrar"},
    "Visio": {"trainer_elsewhere", "coordinator"},
    "Demande": {"trainer_elsewhere", "trainer", "coordinator", "registrar"},
    "Retenue": {"coordinator", "registrar"},
    "Acquis": {"trainer_elsewhere", "registrar"},
    "Signe": {"participant", "coordinator", "registrar"},  # one college, the same signatories on every certificate
    "Message": set(),
    "Annonce": {"coordinator"},
    "Repertoire": {"coordinator", "registrar"},
    "Correction": {"coordinator", "registrar"},
    "Transfert": {"coordinator", "registrar"},
    "Personnel": {"trainer_elsewhere", "coordinator", "registrar", "admin"},
}

ROUYN = {
    "Salle": {"manager_elsewhere", "admin"},
    "Ancienne": {"manager_elsewhere", "admin"},
    "Nom": {"dual", "manager_elsewhere", "admin"},
    "Legal": {"manager_elsewhere"},
    "Motif": {"manager_elsewhere"},
    "Employeur": {"manager_elsewhere"},
    "Doute": {"manager_elsewhere"},
    "Reponse": {"manager_elsewhere"},
    "Raison": {"dual", "manager_elsewhere"},
    "Texte": {"dual", "manager_elsewhere"},
    "Equipe": {"dual", "manager_elsewhere"},
    "Contenu": {"dual", "manager_elsewhere"},
    "Fichier": {"dual", "manager_elsewhere"},
    "Note": {"dual", "manager_elsewhere"},
    "Commentaire": {"dual", "manager_elsewhere"},
    "Brouillon": {"dual"},
    "Reprise": {"dual", "manager_elsewhere"},
    "Formule": set(),
    "Mandat": {"dual", "manager_elsewhere"},
    "Entreprise": {"dual", "manager_elsewhere"},
    "Fiche": set(),
    "Suite": set(),
    "Journal": set(),
    "Groupe": {"manager_elsewhere"},
    "Lieu": {"dual", "manager_elsewhere"},
    "Partage": {"dual", "manager_elsewhere"},
    "Annule": {"dual", "manager_elsewhere"},
    "Visio": {"dual", "manager_elsewhere"},
    "Demande": {"dual", "manager_elsewhere"},
    "Retenue": {"manager_elsewhere"},
    "Acquis": {"dual", "manager_elsewhere"},
    "Signe": {"manager_elsewhere"},
    "Message": set(),
    "Annonce": {"manager_elsewhere"},
    "Repertoire": {"manager_elsewhere"},
    "Correction": {"manager_elsewhere"},
    "Transfert": {"manager_elsewhere"},
    "Personnel": {"dual", "manager_elsewhere", "admin"},
}

READERS = {
    canary(what, place): readers
    for place, table in (("alma", ALMA), ("far", FAR), ("rouyn", ROUYN))
    for what, readers in table.items()
}
"""Who may read each canary."""

PUBLIC_CANARIES = (
    {
        row: {canary("Legal", "alma"), canary("Legal", "rouyn")}
        for row in ("GET /v/{code}", "GET /api/v1/verify/{code}", "POST /v/{code}/fichier")
    }
    | {
        row: {canary("Titre", "far")}
        for row in (
            "GET /inscriptions/{enrolment_id}/transfert",
            "GET /api/v1/enrolments/{enrolment_id}/transfer-targets",
        )
    }
    | {
        "GET /calendriers/{feed_secret}.ics": {
            canary(what, place) for what in ("Lieu", "Visio") for place in ("alma", "rouyn")
        }
    }
)
"""Routes that show a canary to anyone: the holder's name, to those who have the certificate's code; where the owner's
sessions are, to those who have the secret address of their calendar; the titles of cohorts where someone may go on."""


def leaked(actor: str, row: str, text: str) -> list[str]:
    """Return the canaries in the text of a response that the actor must not read."""
    public = PUBLIC_CANARIES.get(row, set())
    return [word for word, readers in READERS.items() if word in text and actor not in readers and word not in public]
