"""What files call our fields, in French and in English: without accents, case and little words."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from forensics.vocabulary import LOG_KINDS

LITTLE = frozenset({"de", "du", "des", "d", "la", "le", "les", "l", "the", "of", "en", "et", "a", "un"})
SHORT = {
    "num": "numero", "no": "numero", "n": "numero", "nr": "numero", "nbr": "nb", "nombre": "nb", "dt": "date",
    "dte": "date", "dat": "date", "deb": "debut", "ben": "beneficiaire", "benef": "beneficiaire", "adh": "adherent",
    "ass": "assure", "naiss": "naissance", "nais": "naissance", "adr": "adresse", "utilisateurs": "utilisateur",
    "prof": "profession", "dep": "departement", "dept": "departement", "org": "organisme", "nss": "nir",
    "numbers": "number",
}  # fmt: skip
"""Words that are cut short, in full."""
SAME = (("numero securite sociale", "nir"), ("social security number", "nir"), ("numero ss", "nir"), ("insee", "nir"))

LOG = {
    "requested_at": "date heure|horodatage|heure|timestamp|time|datetime|date|date time|requested at|heure requete|"
    "date requete|date acces|heure acces|date heure acces|date evenement|event time|logged at|instant|jour heure|"
    "date connexion|heure connexion|quand|created at|time stamp|date action|creation time|start time",
    "account_id": "compte|account|account id|identifiant|login|utilisateur|user|user id|username|user name|"
    "identifiant compte|id compte|code utilisateur|nom utilisateur|identifiant utilisateur|id utilisateur|"
    "identifiant connexion|professionnel|ps|id ps|identifiant ps|userid|remote user|client username",
    "client_ip": "adresse ip|ip|client ip|ip client|adresse ip client|adresse client|remote addr|remote ip|ip source|"
    "source ip|src ip|c ip|client addr|adresse|client address|host|ip address",
    "client_port": "port|port client|client port|port source|source port",
    "user_agent": "navigateur|user agent|agent|agent utilisateur|useragent|http user agent|browser|terminal",
    "method": "methode|method|verbe|request method|http method|methode http|verb",
    "path": "chemin|path|url|uri|page|url path|requete|request|ressource|adresse page|request uri|uri stem|cs uri stem|"
    "url demandee|ecran|request url",
    "status": "statut|status|code retour|code http|code statut|code reponse|status code|http status|response code|"
    "sc status|retour|statut http|code|http statut|code retour http",
    "response_bytes": "octets|bytes|taille|taille reponse|response bytes|body bytes sent|size|octets envoyes|volume|"
    "bytes sent|nb octets|response size|sent bytes|taille octets",
    "duration_ms": "duree ms|duration ms|temps ms|duree|temps reponse|temps traitement|time taken|response time ms|"
    "elapsed ms|duree traitement|latency|temps reponse ms",
    "server": "serveur|server|machine|hote|noeud|hostname|frontal|nom serveur|server name",
    "session_token": "jeton|session|session id|id session|jeton session|session token|identifiant session|token|"
    "cookie session|sid|numero session",
    "request_ref": "reference|request ref|id requete|request id|reference requete|identifiant requete|trace id|"
    "correlation id|id correlation|transaction id|id transaction|numero transaction",
    "action": "action|operation|evenement|type evenement|type action|event|event type|fonction|nature",
    "records_returned": "nb assures|nb resultats|records returned|nb beneficiaires|nb lignes|resultats|row count|"
    "nb personnes|nb reponses|nb enregistrements",
    "returned_people": "assures|assures retournes|beneficiaires retournes|returned people|beneficiaires|"
    "adherents retournes|personnes retournees",
    "subject": "nir|numero assure|nir assure|nir recherche|numero recherche|numero adherent|numero beneficiaire|"
    "nir beneficiaire|assure|adherent|beneficiaire|numero carte|carte|subject|sujet|critere|recherche|query|"
    "numero contrat|holder number|member number|beneficiary number|card number|numero saisi|numero",
    "subject_birth_date": "date naissance|birth date|date naissance recherchee|naissance|birthdate|dob",
    "subject_birth_rank": "rang naissance|rang|birth rank|rang gemellaire|rang laser",
}
PERSON = {
    "beneficiary_number": "numero beneficiaire|nir beneficiaire|beneficiaire|beneficiary|beneficiary number|nir|"
    "nir individuel|nir propre|identifiant beneficiaire|id beneficiaire|matricule|numero individu|nir ayant droit|"
    "numero nir",
    "holder_number": "numero assure|nir assure|assure|holder|holder number|nir ouvrant droit|ouvrant droit|"
    "numero ouvrant droit|nir titulaire|titulaire|nir od|assure principal|nir assure principal|nir porteur|numero od",
    "birth_date": "date naissance|naissance|birth date|birthdate|born|dob|ne le|date birth|nele|date naissance "
    "beneficiaire",
    "birth_rank": "rang|rang naissance|rang gemellaire|birth rank|rank|rang laser|rang jumeau",
}
FIELDS: dict[str, dict[str, str]] = {
    **dict.fromkeys(LOG_KINDS, LOG),
    "register": {
        **PERSON,
        "last_name": "nom|nom famille|nom usage|nom naissance|last name|surname|last|family name|nom beneficiaire|"
        "nom assure|lastname|nom patronymique|nom usuel",
        "first_name": "prenom|prenoms|first name|given name|first|prenom beneficiaire|prenom assure|firstname|"
        "prenom usuel",
        "card_number": "numero carte|carte|card|card number|numero contrat|contrat|contract number|contract|"
        "numero contrat individuel|id contrat",
        "member_number": "numero adherent|adherent|member|member number|identifiant adherent|id adherent|code adherent",
        "insurer_id": "organisme|insurer|insurer id|mutuelle|amc|numero amc|code organisme|code amc|numero organisme|"
        "assureur|code mutuelle|organisme complementaire",
        "role": "role|qualite|lien|qualite beneficiaire|lien parente|type beneficiaire|relation|code qualite|qualite "
        "assure",
        "sex": "sexe|sex|gender|civilite|code sexe|genre",
        "department": "departement|department|code departement|code postal|departement residence",
        "covered_from": "debut droits|date debut droits|date debut|covered from|date effet|date adhesion|droits debut|"
        "date ouverture droits|valid from|date entree|date debut validite|debut validite|debut couverture",
        "covered_until": "fin droits|date fin droits|date fin|covered until|date radiation|date resiliation|droits fin|"
        "date fermeture droits|valid until|date sortie|date fin validite|fin validite|fin couverture",
    },
    "accounts": {
        "account_id": LOG["account_id"],
        "account_kind": "type|type compte|account kind|account type|nature compte|categorie",
        "practice_id": "cabinet|practice|practice id|finess|structure|etablissement|numero finess|id structure|"
        "code etablissement|numero etablissement|numero am",
        "profession": "profession|metier|specialite|activite|code profession|categorie professionnelle",
        "department": "departement|department|code departement|code postal",
        "opened_at": "ouvert|ouvert le|date ouverture|opened at|date creation|cree|cree le|created at|"
        "date inscription|date activation",
        "company_name": "raison sociale|company|company name|denomination|enseigne|nom entreprise|societe",
        "siret": "siret|numero siret|siren",
        "bank_identity": "rib|iban|bank identity|coordonnees bancaires|numero compte bancaire",
    },
    "claims": {
        **PERSON,
        "account_id": f"{LOG['account_id']}|prescripteur|executant|numero ps|emetteur|pharmacie|opticien",
        "submitted_at": "recue|recue le|recu le|submitted at|date reception|date facture|date soins|date depot|at|"
        "date transmission|date envoi|date acte|date demande|date prestation|date heure|horodatage|date|"
        "date teletransmission|date soin|received at|deposee le|date heure depot",
    },
    "counters": {
        "window_start": "debut|window start|start|date debut|heure debut|debut periode|debut fenetre|from|periode|"
        "tranche|tranche horaire|date heure|heure|horodatage|timestamp|time|date",
        "window_end": "fin|window end|end|date fin|heure fin|fin periode|fin fenetre|to|until",
        "window_minutes": "minutes|window minutes|duree minutes|duree|pas minutes|duree fenetre",
        "requests": "requetes|requests|nb requetes|appels|hits|count|nb appels|total|nb hits|volume requetes|"
        "request count",
        "response_bytes": f"{LOG['response_bytes']}|trafic|octets sortants",
        "server": LOG["server"],
    },
}


@cache
def normal(name: str) -> str:
    """Return a name as its words in small letters, without accents, little words and what is cut short."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    bare = "".join(c for c in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(c)).lower()
    words = [SHORT.get(word, word) for word in map(str, re.findall(r"[a-z0-9]+", bare.replace("°", " ")))]
    text = " ".join(word for word in words if word not in LITTLE)
    for longer, word in SAME:
        text = text.replace(longer, word)
    return text


KNOWN = {
    kind: {field: tuple(normal(one) for one in words.split("|")) for field, words in fields.items()}
    for kind, fields in FIELDS.items()
}
SEVERAL = {
    kind: {field: [frozenset(one.split()) for one in names if " " in one] for field, names in fields.items()}
    for kind, fields in KNOWN.items()
}
"""The names of several words, which a longer name may hold."""


def fit(name: str, kind: str, field: str) -> int:
    """Return how well a name is one of a field's: 3 and more for its own, 1 where it holds one, 0 where not.

    Of a name such as `http.request.method` the last parts count too, for less.
    """
    known = KNOWN[kind][field]
    whole = normal(name)
    if whole in known:
        return 60 - known.index(whole)
    leaf = normal(name.rsplit(".", 1)[-1])
    if "." in name and leaf in known:
        return 30 - min(known.index(leaf), 20)
    words = set(whole.split())
    return 1 if any(words >= several for several in SEVERAL[kind][field]) else 0


def is_known(name: str, least: int = 1) -> bool:
    """Return whether a name fits one of our fields so well at least, whatever the kind."""
    return any(fit(name, kind, field) >= least for kind, fields in KNOWN.items() for field in fields)


def subject_kind_of(name: str) -> str:
    """Return what a column or parameter of this name asks for."""
    words = set(normal(name).split())
    for kind, signs in (
        ("beneficiary_number", {"beneficiaire", "beneficiary"}),
        ("card_number", {"carte", "card", "contrat", "contract"}),
        ("member_number", {"adherent", "member"}),
    ):
        if words & signs:
            return kind
    return "holder_number"
