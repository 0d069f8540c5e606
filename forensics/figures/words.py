"""Every word of the figures, French and English side by side."""

from __future__ import annotations

from datetime import datetime

from forensics.reasons import Language, Pair

MONTHS: dict[Language, tuple[str, ...]] = {
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}

WORDS: dict[str, Pair] = {
    "synthetic": ("Données synthétiques", "Synthetic data"),
    "lookups_1h": ("Consultations par heure (n = {n})", "Lookups per hour (n = {n})"),
    "lookups_1d": ("Consultations par jour (n = {n})", "Lookups per day (n = {n})"),
    "panel_scraping": (
        "Sessions classées « extraction automatisée » (n = {n}, maximum {peak})",
        "Sessions judged scraping (n = {n}, maximum {peak})",
    ),
    "panel_others": ("Autres sessions (n = {n}, maximum {peak})", "Other sessions (n = {n}, maximum {peak})"),
    "scales": ("Chaque bande a sa propre échelle.", "Each panel has its own scale."),
    "time": ("Temps universel (UTC), du {first} au {last}", "Universal time (UTC), {first} to {last}"),
    "scraping": ("extraction automatisée", "scraping"),
    "unclear": ("indéterminées", "unclear"),
    "honest": ("non mises en cause", "not accused"),
    "coverage": (
        "Couverture des journaux (n = {n} intervalles)",
        "Log coverage (n = {n} stretches)",
    ),
    "no_log": ("Aucun journal", "No log"),
    "whole_log": ("{operator}, tous serveurs", "{operator}, all servers"),
    "unknown_hours": ("inconnu : {n} h", "unknown: {n} h"),
    "lines_left_out": ("Lignes non dessinées (voir le tableau) : {n}.", "Lines not drawn (see the table): {n}."),
    "kind_complete": ("complet (un compteur le confirme)", "complete (a counter confirms it)"),
    "kind_unwitnessed": ("sans témoin", "unwitnessed"),
    "kind_surplus": ("excédent", "surplus"),
    "kind_gap": ("inconnu : lacune comptée ou déclarée", "unknown: gap counted or declared"),
    "kind_silence": ("inconnu : silence", "unknown: silence"),
    "kind_missing_hour": ("inconnu : heures manquantes", "unknown: missing hours"),
    "kind_missing_server": ("inconnu : serveur manquant", "unknown: missing server"),
    "kind_rotation": ("inconnu : fichier manquant", "unknown: missing file"),
    "kind_rate_change": ("en partie inconnu : débit en chute", "unknown in part: fallen rate"),
    "gap": ("lacune du journal", "gap in the log"),
    "suspected_from": ("soupçons à partir du {date}", "suspected from {date}"),
    "clean_until": ("réputé sain jusqu’au {date}", "held to be clean until {date}"),
    "nothing": ("Aucune consultation dans le journal", "No lookup in the log"),
    "title_people": ("Personnes : trois nombres, jamais un seul", "People: three numbers, never one"),
    "title_pages": ("Pages : trois nombres, jamais un seul", "Pages: three numbers, never one"),
    "certain": ("attesté par les journaux", "certain: shown by the logs"),
    "interval": ("estimation et intervalle à {level}", "estimate and {level} interval"),
    "envelope": ("enveloppe (bornes)", "envelope (bounds)"),
    "perimeter": ("périmètre", "perimeter"),
    "head_certain": ("Attesté", "Certain"),
    "head_interval": ("Estimation [intervalle à {level}]", "Estimate [{level} interval]"),
    "head_bounds": ("Bornes, sans probabilité", "Bounds, no probability"),
    "head_perimeter": ("Périmètre", "Perimeter"),
    "estimate": ("{estimate}  [{low} – {high}]", "{estimate}  [{low} – {high}]"),
    "bounds": ("bornes seules : {low} à {high}", "bounds only: {low} to {high}"),
    "all": ("Ensemble du dossier", "Whole case"),
    "operator": ("Opérateur {name}", "Operator {name}"),
    "insurer": ("Organisme {name}", "Insurer {name}"),
    "share": ("Part du périmètre", "Share of the perimeter"),
    "left_out": (
        "Organismes plus petits, non dessinés (voir le tableau) : {n}.",
        "Smaller insurers, not drawn (see the table): {n}.",
    ),
}


def day(when: datetime, language: Language) -> str:
    """Return a day as 22 janv. 2024 or 22 Jan 2024."""
    return f"{when.day}\u00a0{MONTHS[language][when.month - 1]}\u00a0{when.year}"
