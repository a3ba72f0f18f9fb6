"""The names, places, cohorts and texts of the demo network: plausible in Quebec, all of them invented."""

from dataclasses import dataclass

FIRST_NAMES = [
    "Maude",
    "Karim",
    "Élise",
    "Yves",
    "Sylvain",
    "Nadia",
    "Amélie",
    "Étienne",
    "Geneviève",
    "Jérôme",
    "Noémie",
    "Thuy-Linh",
    "Mathis",
    "Océane",
    "Fatou",
    "Raphaël",
    "Zoé",
    "Malik",
    "Annick",
    "Benoît",
    "Chantal",
    "Dominique",
    "Fabien",
    "Gaëlle",
    "Hélène",
    "Isaac",
    "Joëlle",
    "Kévin",
    "Loïc",
    "Mélissa",
    "Nicolas",
    "Odile",
    "Pascale",
    "Quentin",
    "Rosalie",
    "Samuel",
    "Tristan",
    "Ursule",
    "Valérie",
    "William",
    "Xavier",
    "Yasmine",
    "Zacharie",
    "Aïcha",
    "Bérénice",
    "Cédric",
    "Daphné",
    "Émile",
    "Florence",
    "Guillaume",
    "Hortense",
    "Inès",
    "Jean-Philippe",
    "Kateri",
    "Léonie",
    "Marc-Antoine",
    "Naomi",
    "Ovide",
    "Pénélope",
    "Réjean",
    "Sœur-Anne",
    "Théodore",
    "Uapukun",
    "Véronique",
    "Wapikoni",
    "Ysabel",
    "Alexandra",
    "Bruno",
    "Camille",
    "Dieudonné",
    "Eva",
    "François",
    "Grâce",
    "Hugo",
]

LAST_NAMES = [
    "Tremblay",
    "Bérubé",
    "Haddad",
    "Côté",
    "Gagné",
    "Nguyen",
    "Bouchard",
    "Diallo",
    "Lœwen",
    "Pelletier",
    "Savard",
    "Ouellet",
    "Simard",
    "Bélanger",
    "Lévesque",
    "Dufour",
    "Fortin",
    "Girard",
    "Hébert",
    "Harvey",
    "Imbeault",
    "Jomphe",
    "Kistabish",
    "Lemieux",
    "Mapachee",
    "Néron",
    "Otis",
    "Perron",
    "Quirion",
    "Racine",
    "Saganash",
    "Thibeault",
    "Urbain",
    "Villeneuve",
    "Wabanonik",
    "Zerrouki",
    "Arsenault",
    "Boudreault",
    "Cyr",
    "Desgagné",
    "Émond",
    "Fournier",
    "Gauthier",
    "Huard",
    "Iserhoff",
    "Jourdain",
    "Labbé",
    "Maltais",
    "Noël",
    "Paradis",
    "Rancourt",
    "St-Gelais",
    "Tanguay",
    "Vaillancourt",
    "Abitbol",
    "Beaudoin",
    "Castonguay",
    "D’Amours",
    "Doucet",
    "Gélinas",
    "Houde",
    "Landry",
    "Mongrain",
    "Naud",
    "O’Bomsawin",
    "Pinette",
    "Robichaud",
    "Sirois",
    "Turgeon",
    "Vigneault",
]


@dataclass(frozen=True)
class Place:
    """A college of the demo network."""

    slug: str
    name: str
    city: str
    region: str
    prefix: str
    timezone: str = "America/Toronto"
    ceu: bool = False


PLACES = (
    Place("piekouagami", "Cégep du Piékouagami", "Alma", "02", "PIE", ceu=True),
    Place("harricana", "Cégep de l’Harricana", "Amos", "08", "HAR"),
    Place("lac-gilman", "Collège du Lac-Gilman", "Chibougamau", "10", "LGI"),
    Place("trois-saumons", "Cégep des Trois-Saumons", "Rimouski", "01", "TSA"),
    Place("vieux-fort", "Cégep du Vieux-Fort", "Trois-Rivières", "04", "VFO", ceu=True),
    Place("yamaska", "Collège de la Yamaska", "Granby", "16", "YAM"),
    Place("havre", "Collège du Havre", "Cap-aux-Meules", "11", "HAV", "America/Halifax"),
)


@dataclass(frozen=True)
class Spot:
    """A venue of the demo network: of a college, or of the whole network without one."""

    place: str | None
    name: str
    address: str
    city: str
    accessibility: str | None = None
    timezone: str = "America/Toronto"


SPOTS = (
    Spot("piekouagami", "Pavillon du Lac, local B-214", "1200, rue des Riverains", "Alma",
         "Rampe à l’entrée principale, ascenseur jusqu’au local."),
    Spot("piekouagami", "Carrefour numérique de Roberval", "45, rue de la Gare", "Roberval", "De plain-pied."),
    Spot("harricana", "Pavillon des Rapides, local 1107", "800, avenue du Pont", "Amos",
         "De plain-pied; boucle magnétique sur demande."),
    Spot("lac-gilman", "Centre d’études, salle Obalski", "110, rue de la Mine", "Chibougamau",
         "Rampe du côté du stationnement."),
    Spot("trois-saumons", "Aile du Fleuve, local C-305", "60, rue de l’Anse", "Rimouski",
         "Ascenseur près de l’entrée 3."),
    Spot("trois-saumons", "Antenne de Matane, salle des Crevettiers", "15, rue du Quai", "Matane"),
    Spot("vieux-fort", "Pavillon des Sciences, local 2240", "3500, rue du Fort", "Trois-Rivières",
         "Ascenseur; deux places réservées au stationnement P2."),
    Spot("yamaska", "Bloc A, salle des Saules", "235, rue du Moulin", "Granby", "De plain-pied."),
    Spot("havre", "Salle de la Grave", "12, chemin du Phare", "Cap-aux-Meules", "Rampe à l’entrée est.",
         "America/Halifax"),
    Spot("havre", "Local de Gaspé", "7, rue de la Baie", "Gaspé", "Au deuxième étage, sans ascenseur."),
    Spot(None, "Maison du numérique, grande salle", "400, rue Principale", "Québec",
         "Ascenseur, toilettes accessibles, boucle magnétique."),
)  # fmt: skip
"""Invented addresses; the college of the Îles-de-la-Madeleine also has a room where another time holds."""


@dataclass(frozen=True)
class CohortPlan:
    """A cohort: weeks since its start (negative: to come), number of people, pace (1: as planned), phase, version."""

    place: str
    code: str
    path: str
    weeks_ago: int
    people: int
    pace: float = 1.0
    phase: str = "prototype"
    version: str = "1.0"


COHORTS = (
    CohortPlan("piekouagami", "GEN-1", "generaliste", 20, 12),
    CohortPlan("piekouagami", "GEN-2", "generaliste", 9, 12),
    CohortPlan("piekouagami", "SPE-1", "specialise", 22, 8),
    CohortPlan("piekouagami", "GEN-3", "generaliste", -5, 6),
    CohortPlan("harricana", "GEN-1", "generaliste", 24, 12),
    CohortPlan("harricana", "SPE-1", "specialise", 30, 7, pace=0.6),
    CohortPlan("lac-gilman", "GEN-1", "generaliste", 10, 8),
    CohortPlan("lac-gilman", "SPE-1", "specialise", 12, 6),
    CohortPlan("trois-saumons", "GEN-1", "generaliste", 30, 12, phase="deployment"),
    CohortPlan("trois-saumons", "SPE-1", "specialise", 44, 8, phase="deployment"),
    CohortPlan("vieux-fort", "GEN-1", "generaliste", 6, 12, phase="deployment"),
    CohortPlan("vieux-fort", "SPE-1", "specialise", -3, 8, phase="deployment", version="1.1"),
    CohortPlan("yamaska", "GEN-1", "generaliste", 12, 10, phase="deployment"),
    CohortPlan("yamaska", "GEN-2", "generaliste", -8, 6, phase="deployment"),
    CohortPlan("havre", "GEN-1", "generaliste", 13, 8, pace=0.5, phase="deployment"),
)
"""Cohorts of 135 people: running, late, finished and to come, in three prototype regions and four others."""

EMPLOYERS = (
    "MRC du Domaine", "SADC des Deux-Rives", "Chambre de commerce du Lac", "Carrefour Action-PME",
    "Pôle d’économie sociale",
    "Corporation de développement local", "Centre de services aux entreprises", "Coopérative de développement régional",
)  # fmt: skip

TRADES = (
    ("Boulangerie", "Commerce de détail"), ("Scierie", "Foresterie et bois"), ("Ferme", "Agriculture"),
    ("Atelier d’usinage", "Fabrication"), ("Clinique dentaire", "Santé"), ("Pourvoirie", "Tourisme"),
    ("Fromagerie", "Agroalimentaire"), ("Transport", "Transport et logistique"), ("Librairie", "Commerce de détail"),
    ("Serres", "Agriculture"), ("Garage", "Services aux personnes"), ("Menuiserie", "Construction"),
    ("Imprimerie", "Fabrication"), ("Auberge", "Tourisme"), ("Quincaillerie", "Commerce de détail"),
    ("Centre de la petite enfance", "Économie sociale"), ("Microbrasserie", "Agroalimentaire"),
    ("Entretien paysager", "Services aux entreprises"), ("Cabinet comptable", "Services aux entreprises"),
    ("Musée", "Culture"), ("Poissonnerie", "Agroalimentaire"), ("Électricité", "Construction"),
)  # fmt: skip

ENTERPRISE_NAMES = (
    "des Trois-Rapides", "du Ruisseau-Clair", "Boréale", "du Rang Saint-Éloi", "de la Pointe", "Nordet", "Kanasuta",
    "de l’Anse-aux-Érables", "du Vieux-Pont", "des Bleuets", "L’Épinette", "du Portage", "Mistapéo", "de la Falaise",
    "du Grand-Héron", "Belles-Rives", "du Chemin-Croche", "de l’Île-Verte", "Sept-Cascades", "du Quai", "Tamarack",
)  # fmt: skip

HAND_INS = (
    "J’ai rencontré deux personnes qui connaissent bien le milieu; leurs réponses diffèrent sur un point que je note.",
    "Ma version s’appuie sur le gabarit de la séance; j’y ai ajouté les délais et la personne responsable.",
    "Trois constats, chacun avec sa preuve, puis ce que j’en retiens pour ma prochaine visite en entreprise.",
    "Le besoin reformulé a été confirmé par la direction; la suite est convenue pour dans deux semaines.",
)
