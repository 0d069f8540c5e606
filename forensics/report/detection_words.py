"""Words of the tables about the verdicts themselves, French and English side by side."""

from __future__ import annotations

from forensics.reasons import Pair

DETECTION: dict[str, Pair] = {
    "baseline_caption": (
        "Le robot était-il déjà là pendant les semaines saines ?",
        "Was the robot there already in the clean weeks?",
    ),
    "raised": ("Jours où les soins expliquent le moins", "Days in which care explains least"),
    "p": ("Hasard", "Chance"),
    "accused_clients": ("Clients mis en cause", "Accused clients"),
    "accused_early": ("dont vus pendant les semaines saines", "of them seen in the clean weeks"),
    "finding": ("Constat", "Finding"),
    "finding_accused_in_clean_weeks": (
        "Oui : des clients mis en cause y sont vus. Les semaines saines sont à redéclarer.",
        "Yes: accused clients are seen there. The clean weeks are to be declared anew.",
    ),
    "finding_raised_in_clean_weeks": (
        "À vérifier : les jours les moins expliqués commencent pendant les semaines saines.",
        "To be looked into: the days that care explains least begin in the clean weeks.",
    ),
    "finding_raised_later": (
        "Non : les jours les moins expliqués viennent après.",
        "No: the days that care explains least come later.",
    ),
    "finding_no_change": (
        "Rien ne le montre : aucun jour ne se distingue du hasard.",
        "Nothing shows it: no days stand out from chance.",
    ),
    "finding_no_clean_weeks": ("Aucune semaine saine n’est déclarée.", "No clean weeks are declared."),
    "finding_unknown": ("Les pièces ne permettent pas de le dire.", "The evidence cannot tell."),
    "baseline_note": (
        "Test de rupture sur tous les clients, sans connaître leur classement. Sur peu de semaines, un robot "
        "de quelques "
        "jours ne se distingue pas du hasard ; un robot présent chaque jour, à allure égale, ne change rien "
        "d’un jour à "
        "l’autre et n’est pas vu par ce test.",
        "A change-point test over all clients, without their verdicts. Over few weeks a robot of a few days does not "
        "stand out from chance; a robot there every day at an even pace changes nothing from day to day and "
        "is not seen "
        "by this test.",
    ),
    "care_check_caption": (
        "Contrôle indépendant : ce que les soins seuls disent des comptes utilisés",
        "Independent check: what care alone says of the used accounts",
    ),
    "used_accounts": ("Comptes utilisés", "Used accounts"),
    "patients": ("Consultations, par patient et semaine", "Lookups, by patient and week"),
    "explained": ("Expliquées par des soins", "Explained by care"),
    "usual_share": ("Part habituelle, au moins", "Usual share, at least"),
    "scraped_at_least": ("Non dues aux soins, au moins", "Not due to care, at least"),
    "by_accused": ("Par les clients mis en cause", "By the accused clients"),
    "care_check_note": (
        "Tous les clients de ces comptes comptent, leur titulaire aussi : cette borne ne dépend du classement d’aucun "
        "client, seulement de ce que le compte a servi. Elle doit rester sous le nombre de la dernière colonne ; plus "
        "haute, elle dirait que des clients ont été manqués. Avec peu de comptes elle est large.",
        "All clients of these accounts count, their owners too: the bound rests on no client's verdict, only on the "
        "account having been used. It must stay below the number in the last column; if it were above, clients would "
        "have been missed. With few accounts it is wide.",
    ),
}
