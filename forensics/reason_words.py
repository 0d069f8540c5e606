"""The wordings of what was measured of a client: (French, English), side by side."""

from __future__ import annotations

Pair = tuple[str, str]

SENTENCES: dict[str, Pair] = {
    "pace": (
        "{busiest} dans les {minutes} minutes les plus chargées",
        "{busiest} in the busiest {minutes} minutes",
    ),
    "crowd": (
        " ; allure de référence, tirée de {crowd} clients : {fastest}",
        "; reference pace, from {crowd} clients: {fastest}",
    ),
    "p": (" ; {p}", "; {p}"),
    "steady": (
        "Les silences entre consultations sont plus réguliers que le hasard : médiane {median}",
        "The silences between lookups are steadier than chance: median {median}",
    ),
    "uneven": (
        "Les silences entre consultations ne sont pas plus réguliers que le hasard : médiane {median}",
        "The silences between lookups are not steadier than chance: median {median}",
    ),
    "breadth": ("{n} le jour le plus chargé", "{n} on the busiest day"),
    "misses": (
        "{missed} des {asked} consultations n’ont trouvé personne",
        "{missed} of {asked} lookups found nobody",
    ),
    "hours": (
        "{strange} des {sessions} sessions ont commencé à des heures où ce compte ne travaillait pas dans ses semaines "
        "saines",
        "{strange} of {sessions} sessions began at hours that this account kept free in its clean weeks",
    ),
    "new": (
        "Ce compte n’avait jamais servi ainsi dans ses semaines saines ; nouveau : {what}",
        "This account was never used so in its clean weeks: new {what}",
    ),
    "care": (
        "Des soins expliquent {followed} des {patients} patients (facturation avant, ou dans les {days} jours)",
        "Care explains {followed} of {patients} patients (a claim before, or within {days} days after)",
    ),
    "peers": (
        " ; autres comptes de même profession{profession}, à la même période : {share}",
        "; other accounts of the same profession{profession} at the same time: {share}",
    ),
    "n_peers": (" ({n} comptes)", " ({n} accounts)"),
    "lists": (
        ", dont {n} pages de liste (expliquées si l’une des personnes nommées l’est)",
        ", {n} of them answers of a list (explained where any of the people named is)",
    ),
    "before": (
        " ; semaines saines de ce compte : {followed} sur {patients}",
        "; clean weeks of this account: {followed} of {patients}",
    ),
    "list": (
        "Sur {asked} demandées par les clients suspects de ce compte, {listed} l’ont aussi été par des clients mis en "
        "cause ; comptes honnêtes : {share} ({n})",
        "Of {asked} asked for by the suspected clients of this account, {listed} were by accused clients too; "
        "honest accounts: {share} ({n})",
    ),
    "combined": (
        "Deux familles de mesures réunies : {p}",
        "Two families of measures together: {p}",
    ),
    "expected": (
        "Clients honnêtes attendus ainsi, parmi tous ceux testés : {n}",
        "Honest clients expected to look so, of all that were tested: {n}",
    ),
    "why_not": ("Ce qui empêche de conclure : {why}", "What prevents a firmer verdict: {why}"),
}

WHY_NOT: dict[str, Pair] = {
    "no_claims": ("aucune facturation ne permet de suivre les soins", "no claims to follow care with"),
    "no_peers": ("trop peu de comptes comparables", "too few accounts to compare with"),
    "too_few_gaps": ("trop peu de silences à mesurer", "too few silences to measure"),
    "too_few_subjects": ("trop peu de demandes distinctes", "too few distinct subjects asked for"),
    "declared_role": (
        "son rôle déclaré consulte sans facturer : aucune statistique ne le distingue d’un robot",
        "its declared role looks people up without billing: no statistics tell it from a robot",
    ),
    "measures_disagree": ("une seule famille de mesures l’indique", "only one family of measures says so"),
}

NEW: tuple[tuple[tuple[str, ...], Pair], ...] = (
    (("new_network", "new_agent"), ("réseau et navigateur", "network and browser")),
    (("new_network",), ("réseau", "network")),
    (("new_agent",), ("navigateur", "browser")),
)
