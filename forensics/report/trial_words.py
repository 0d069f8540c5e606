"""What the report says of all analyses of a case and of the digest of its evidence, French and English side by side."""

from __future__ import annotations

from forensics.reasons import Pair

TRIALS: dict[str, Pair] = {
    "trials": ("Les analyses faites sur ce dossier", "The analyses made of this case"),
    "trials_one": (
        "Le journal du dossier ne fait état que d’une analyse : celle-ci.",
        "The journal of the case tells of one analysis alone: this one.",
    ),
    "trials_many": (
        "Le journal du dossier fait état de {n} analyses différentes, dont celle-ci. Nombre attesté : {certain} ; "
        "estimation : {estimate} ; bas de l’intervalle : {low} ; haut de l’intervalle : {high} ; sans intervalle, "
        "avec des bornes seulement : {bounds}.",
        "The journal of the case tells of {n} different analyses, this one among them. Certain: {certain}; "
        "estimate: {estimate}; low end of the interval: {low}; high end: {high}; without an interval, with bounds "
        "only: {bounds}.",
    ),
    "trials_in_short": (
        "Cette analyse est l’une des {n} que garde le journal du dossier ; nombre attesté : {certain}.",
        "This analysis is one of {n} that the journal of the case keeps; certain number: {certain}.",
    ),
    "trials_text": (
        "Le journal (journal.jsonl, chaîné et scellé) garde chaque exécution avec ses réglages et ses nombres : "
        "ainsi nul ne peut essayer des réglages jusqu’à ce que l’un d’eux convienne. Une analyse est différente "
        "dès que les pièces, la déclaration (case.toml), un réglage, le programme ou une version changent ; la "
        "même, refaite, ne compte qu’une fois.",
        "The journal (journal.jsonl, chained and sealed) keeps each run with its settings and its numbers, so "
        "that nobody can try settings until one pleases. An analysis is a different one where evidence, "
        "declaration (case.toml), a setting, the program or a version is another; the same one run again counts "
        "once.",
    ),
    "trials_broken": (
        "Le journal a été trouvé modifié ou incomplet : il a pu y avoir d’autres analyses que celles-ci.",
        "The journal was found changed or incomplete: there may have been other analyses than these.",
    ),
    "trials_caption": ("Chaque analyse et ses nombres", "Each analysis and its numbers"),
    "trials_left_out": ("{n} autres analyses sont dans trials.parquet.", "{n} other analyses are in trials.parquet."),
    "trial": ("Analyse", "Analysis"),
    "otherwise": ("Ce qui y diffère de ce rapport", "What in it differs from this report"),
    "instead": ("{name} = {value} (ici {here})", "{name} = {value} (here {here})"),
    "in_each": ("{n} dans chacune", "{n} in each"),
    "this_trial": ("ce rapport", "this report"),
    "other_evidence": ("d’autres pièces", "other evidence"),
    "other_labels": ("d’autres étiquettes", "other labels"),
    "other_declaration": ("une autre déclaration (case.toml)", "another declaration (case.toml)"),
    "other_program": ("le programme ou ses versions", "the program or its versions"),
    "seal": ("L’empreinte, à signer ou à horodater ailleurs", "The digest, to be signed or time-stamped elsewhere"),
    "seal_text": (
        "Cette empreinte porte sur le chemin et l’empreinte de chaque fichier saisi. Horodatée par un tiers, elle "
        "prouve que les pièces existaient telles quelles à cette date. La première commande prépare une demande "
        "pour les pièces, la deuxième pour tous les résultats, ce rapport compris (manifest.json en donne les "
        "empreintes) ; la demande va à un prestataire d’horodatage (RFC 3161 ; qualifié : règlement eIDAS, "
        "article 42), la réponse se garde hors du dossier. La troisième signe les résultats.",
        "This digest covers the path and the digest of every input file. Time-stamped by a third party, it proves "
        "that the evidence existed as it is on that day. The first command prepares a request for the evidence, "
        "the second for all results, this report included (manifest.json holds their digests); the request goes "
        "to a time-stamping authority (RFC 3161; qualified: eIDAS regulation, article 42), and its answer is kept "
        "outside the case. The third signs the results.",
    ),
}
