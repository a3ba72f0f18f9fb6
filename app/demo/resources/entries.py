"""The directory of resources that the demo network should contain: plausible entries, all of them invented.

Amounts and shares are examples, and say so. Addresses of sites end with ``.example``, telephone numbers are those kept
for fiction. Nobody has verified some entries for more than a year, as in any directory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """An entry of the directory, and how many days ago it was verified; regions and needs are separated by spaces."""

    days_ago: int
    kind: str
    name: str
    verb: str
    summary: str
    regions: str
    needs: str
    phone: str | None = None
    address: str | None = None
    email: str | None = None
    website: str | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)


ENTRIES: Mapping[str, tuple[Entry, ...]] = {
    "piekouagami": (
        Entry(20, "organisme",
            "Carrefour des entreprises du Piékouagami", "orienter",
            "Reçoit l’entreprise, précise avec elle son besoin et la dirige vers le bon service. On y entre par"
            " téléphone, sans rendez-vous.",
            "02", "choix-d-un-logiciel financement-de-projet", "418 555-0101",
            address="12, rue des Riverains, Alma", website="https://carrefour.example",
        ),
        Entry(75, "organisme",
            "Centre d’essai de l’Ashuapmushuan", "essayer",
            "Centre de recherche appliquée d’un collège. Essaie des capteurs ou des robots dans l’atelier même de"
            " l’entreprise, avant l’achat. La première visite ne coûte rien.",
            "02 10", "essai-de-technologie automatisation", "418 555-0102", email="info@essai.example",
        ),
        Entry(140, "service",
            "Formation sur mesure du Piékouagami", "former",
            "Formation continue d’un collège. Bâtit avec l’entreprise un cours sur les outils que son personnel emploie"
            " déjà, à son établissement ou à distance.",
            "02", "formation-du-personnel donnees-pour-decider", "418 555-0103",
        ),
        Entry(45, "programme",
            "Bon départ numérique", "rembourser",
            "Rembourse une partie d’un premier projet numérique à une petite entreprise du territoire."
            " Programme inventé"
            " pour la démonstration.",
            "02", "financement-de-projet vente-en-ligne integration-des-systemes",
            website="https://programmes.example",
            conditions={
                "eligibility": "Entreprises de moins de 50 personnes, en activité depuis un an (exemple).",
                "expenses": "Licences, installation et formation. Toute dépense engagée avant l’acceptation est refusée"
                " (exemple).",
                "own_share": "40 % du projet (exemple)",
                "ceiling": "8 000 $ par entreprise et par année (exemple)",
                "deadline": "En continu, jusqu’à l’épuisement du budget (exemple)",
                "source": "Guide du programme, pages 3 à 5",
            },
        ),
    ),
    "harricana": (
        Entry(30, "service",
            "Clinique des systèmes de l’Harricana", "relier",
            "Suit avec l’entreprise le chemin d’une commande, d’un outil à l’autre, et propose une façon de ne plus la"
            " saisir deux fois. Une demi-journée sur place, puis un rapport.",
            "08 10", "integration-des-systemes automatisation choix-d-un-logiciel", "819 555-0104",
            website="https://clinique.example",
        ),
        Entry(390, "organisme",
            "Fonds de l’Esker", "prêter",
            "Organisme de développement local. Accorde de petits prêts aux entreprises du territoire et suit"
            " leur projet"
            " pendant deux ans.",
            "08", "financement-de-projet", "819 555-0105", address="300, avenue du Pont, Amos",
        ),
        Entry(60, "service",
            "Gardiens du réseau", "sécuriser",
            "Vérifie les mots de passe, les copies de sécurité et les accès d’une petite entreprise, puis corrige"
            " l’essentiel avec elle.",
            "08", "cybersecurite sauvegarde", "819 555-0106",
        ),
    ),
    "lac-gilman": (
        Entry(15, "service",
            "Lien nordique", "brancher",
            "Compare les façons d’accéder à Internet à une adresse donnée, satellite compris, et prépare l’entreprise à"
            " travailler quand le réseau est instable.",
            "09 10", "connexion-internet vente-en-ligne", "418 555-0107", website="https://lien.example",
        ),
        Entry(200, "programme",
            "Équipement branché du Nord", "financer",
            "Finance l’équipement qui permet à une entreprise éloignée de se brancher. Programme inventé pour la"
            " démonstration.",
            "09 10", "connexion-internet financement-de-projet",
            website="https://programmes.example",
            conditions={
                "eligibility": "Entreprises situées à plus de 50 km d’une ville de 10 000 habitants (exemple).",
                "expenses": "Antenne, relais et installation; l’abonnement mensuel est exclu (exemple).",
                "own_share": "Le quart du projet (exemple)",
                "ceiling": "5 000 $ (exemple)",
                "deadline": "Le 31 mars de chaque année (exemple)",
                "source": "Foire aux questions du programme",
            },
        ),
    ),
    "trois-saumons": (
        Entry(50, "service",
            "Relève des accès", "documenter",
            "Dresse avec l’entreprise la liste de ses comptes, de ses noms de domaine et de ses fournisseurs,"
            " puis remet"
            " les accès à son nom. Utile quand la personne qui s’en occupait est partie.",
            "01 09 11", "autonomie-numerique presence-en-ligne", "418 555-0108",
        ),
        Entry(95, "service",
            "Vitrine du littoral", "bâtir",
            "Aide un commerce ou une auberge à bâtir un site qu’il pourra tenir à jour, et à se faire trouver sur les"
            " cartes en ligne.",
            "01 09 11", "presence-en-ligne vente-en-ligne", "418 555-0109", website="https://vitrine.example",
        ),
        Entry(160, "organisme",
            "Table numérique du Bas-Fleuve", "réunir",
            "Réunit chaque mois des directions d’entreprises qui vivent un même changement. On s’y joint en écrivant à"
            " l’adresse générale.",
            "01", "conduite-du-changement", "418 555-0110", email="bonjour@table.example",
        ),
        Entry(385, "programme",
            "Première vente en ligne", "subventionner",
            "Subventionne la première boutique en ligne d’un commerce de détail. Programme inventé pour la"
            " démonstration.",
            "01 11", "vente-en-ligne financement-de-projet",
            website="https://programmes.example",
            conditions={
                "eligibility": "Commerces de détail qui n’ont jamais vendu en ligne (exemple).",
                "expenses": "Conception, photos et première année d’hébergement (exemple).",
                "own_share": "La moitié du projet; les aides publiques n’en dépassent pas les deux tiers (exemple)",
                "ceiling": "6 500 $ (exemple)",
                "deadline": "Deux appels par année, en février et en septembre (exemple)",
                "source": "Page du programme, rubrique « Conditions »",
            },
        ),
    ),
    "vieux-fort": (
        Entry(10, "service",
            "Clinique des renseignements de la clientèle", "préparer",
            "Fait avec l’entreprise l’inventaire des renseignements personnels qu’elle garde, et prépare les"
            " règles pour"
            " les protéger et les détruire.",
            "", "protection-des-donnees-clients cybersecurite", "819 555-0111", website="https://inventaire.example",
        ),
        Entry(120, "organisme",
            "Laboratoire des données du Vieux-Fort", "analyser",
            "Centre de recherche appliquée d’un collège. Rassemble les chiffres d’une entreprise et bâtit avec elle un"
            " premier tableau de bord.",
            "04 17", "donnees-pour-decider essai-de-technologie", "819 555-0112",
        ),
        Entry(70, "programme",
            "Regard sur la cybersécurité", "payer",
            "Paie un examen de la sécurité informatique d’une petite entreprise par un fournisseur de son"
            " choix. Programme"
            " inventé pour la démonstration.",
            "", "cybersecurite sauvegarde financement-de-projet",
            website="https://programmes.example",
            conditions={
                "eligibility": "Entreprises de 5 à 99 personnes, sauf celles du secteur financier (exemple).",
                "expenses": "L’examen seulement; les corrections n’en font pas partie (exemple).",
                "own_share": "20 % (exemple)",
                "ceiling": "4 000 $, une seule fois (exemple)",
                "deadline": "En continu (exemple)",
                "source": "Cadre du programme, article 4",
            },
        ),
    ),
    "yamaska": (
        Entry(35, "service",
            "École des équipes de la Yamaska", "soutenir",
            "Soutient une direction et son équipe pendant qu’une nouvelle façon de travailler s’installe : rencontres"
            " courtes, sur les lieux, pendant trois mois.",
            "05 16", "conduite-du-changement formation-du-personnel", "450 555-0113",
        ),
        Entry(180, "organisme",
            "Comparateur coopératif de logiciels", "comparer",
            "Prête des grilles de comparaison et met en lien des entreprises qui ont déjà choisi. Ne vend ni ne"
            " recommande aucun logiciel.",
            "", "choix-d-un-logiciel integration-des-systemes", "450 555-0114", website="https://comparateur.example",
        ),
    ),
    "havre": (
        Entry(25, "service",
            "Écran d’appoint", "former",
            "Forme le personnel d’établissements et de résidences aux logiciels qu’ils ont déjà, par quarts de"
            " travail et"
            " en petits groupes.",
            "01 11", "formation-du-personnel", "418 555-0115",
        ),
        Entry(80, "service",
            "Réservations de l’archipel", "installer",
            "Installe avec des auberges et des restaurants une réservation en ligne qui continue de fonctionner"
            " quand le"
            " réseau coupe.",
            "09 11", "vente-en-ligne connexion-internet", "418 555-0116", address="20, chemin du Phare, Cap-aux-Meules",
        ),
        Entry(400, "service",
            "Guichet Internet de la Baie", "dépanner",
            "Prête des postes branchés et dépanne les petites entreprises du village.",
            "11", "connexion-internet", "418 555-0117",
        ),
    ),
}  # fmt: skip
