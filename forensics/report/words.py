"""Every sentence of the report, French and English side by side.

`{people}` becomes persons or pages. A key ending in `_people` or `_pages` is chosen by what the case counts.
"""

from __future__ import annotations

from forensics.reasons import Pair
from forensics.report.detection_words import DETECTION
from forensics.report.trial_words import TRIALS

WORDS: dict[str, Pair] = {
    # First screen
    "synthetic": (
        "Données synthétiques : aucune personne réelle n’est en cause.",
        "Synthetic data: no real person is concerned.",
    ),
    "question_people": (
        "Combien de personnes distinctes ont vu leurs données transmises à un robot, et avec quelle certitude ?",
        "How many distinct people had their data transmitted to a robot, and how sure are we?",
    ),
    "question_pages": (
        "Combien de pages distinctes ont été transmises à un robot, et avec quelle certitude ?",
        "How many distinct pages were transmitted to a robot, and how sure are we?",
    ),
    "case": ("Dossier {id}", "Case {id}"),
    "answer": ("Les trois nombres", "The three numbers"),
    "certain": ("Attesté par les journaux", "Certain: shown by the logs"),
    "certain_text_people": (
        "personnes dont une ligne de journal conservée montre que des données ont été transmises à une "
        "session classée « extraction automatisée », sous réserve du classement des sessions.",
        "people whose data a retained log line shows as transmitted to a session judged scraping, subject to "
        "that judgement.",
    ),
    "certain_text_pages": (
        "pages dont une ligne de journal conservée montre qu’elles ont été transmises à une session classée "
        "« extraction automatisée », sous réserve du classement des sessions.",
        "pages that a retained log line shows as transmitted to a session judged scraping, subject to that judgement.",
    ),
    "split": (
        "{logged} nommées par le journal, {inferred} déduites du registre",
        "{logged} named by the log, {inferred} inferred from the register",
    ),
    "estimate": ("Estimation", "Estimate"),
    "range": ("de {low} à {high}", "{low} to {high}"),
    "estimate_text": (
        "{people}, avec un intervalle à {level} : de la définition la plus stricte à la plus large, avec ce "
        "que le classement a pu manquer et ce que des lignes perdues pourraient contenir.",
        "{people}, with a {level} interval: from the strictest definition to the broadest, with what the "
        "judgement may have missed and what lost lines could hold.",
    ),
    "bounds": ("Bornes", "Bounds"),
    "bounds_text": (
        "{people} : les pièces ne permettent pas d’attacher une probabilité à un intervalle, seules ces "
        "bornes sont justifiées.",
        "{people}: the evidence does not allow an interval with a probability; only these bounds are justified.",
    ),
    "perimeter": ("Périmètre", "Perimeter"),
    "perimeter_text_people": (
        "personnes que le portail pouvait montrer aux comptes utilisés. Ce n’est pas le nombre de personnes touchées.",
        "people whom the portal could have shown to the used accounts. This is not the number of people affected.",
    ),
    "perimeter_text_pages": (
        "pages que le journal montre sur le site. Ce n’est pas le nombre de pages transmises.",
        "pages that the log shows on the site. This is not the number of pages transmitted.",
    ),
    "envelope_text_people": (
        "Enveloppe, sans probabilité : de {low} {people}, si l’un des comptes mis en cause était honnête, à {high}, "
        "si tous les clients du journal, hors semaines saines, étaient le robot.",
        "Envelope, without a probability: from {low} {people}, if one of the accused accounts were honest, to {high}, "
        "if every client of the log, outside the clean weeks, were the robot.",
    ),
    "envelope_to_perimeter_people": (
        "Enveloppe, sans probabilité : de {low} {people}, si l’un des comptes mis en cause était honnête, à {high}, le "
        "périmètre : rien ne dit combien de lignes manquent au journal.",
        "Envelope, without a probability: from {low} {people}, if one of the accused accounts were honest, to {high}, "
        "the perimeter: nothing says how many lines the log lacks.",
    ),
    "envelope_text_pages": (
        "Enveloppe, sans probabilité : de {low} {people}, si l’un des clients mis en cause était un lecteur, à {high}, "
        "si tous les clients du journal, hors semaines saines, étaient le robot.",
        "Envelope, without a probability: from {low} {people}, if one of the accused clients were a reader, to {high}, "
        "if every client of the log, outside the clean weeks, were the robot.",
    ),
    "envelope_to_perimeter_pages": (
        "Enveloppe, sans probabilité : de {low} {people}, si l’un des clients mis en cause était un lecteur, à {high}, "
        "le périmètre : rien ne dit combien de lignes manquent au journal.",
        "Envelope, without a probability: from {low} {people}, if one of the accused clients were a reader, to {high}, "
        "the perimeter: nothing says how many lines the log lacks.",
    ),
    "doubt_by_labels": (
        "D’après la relecture à la main, au plus {n} du nombre attesté tiennent à une mise en cause erronée.",
        "By the labels read back, at most {n} of the certain number rest on a wrong accusation.",
    ),
    "labels_caption": ("La relecture à la main", "Labels by hand"),
    "drawn_among": ("Tiré parmi", "Drawn among"),
    "shown_each_time": ("{people} affichées (chaque fois)", "{people} shown (each time)"),
    "looked_at": ("dont vues", "of which looked at"),
    "a_robots": ("à un robot", "to a robot"),
    "a_persons": ("pour des soins", "for care"),
    "not_told": ("on ne sait pas", "cannot tell"),
    "robots_share": ("Part d’un robot", "A robot’s share"),
    "stratum_scraping": ("clients mis en cause", "accused clients"),
    "stratum_unclear": ("clients indéterminés", "unclear clients"),
    "stratum_honest_doubtful": ("clients honnêtes, de peu", "honest clients, narrowly"),
    "stratum_honest": ("clients honnêtes", "honest clients"),
    "labels_note": (
        "Tiré au sort parmi les réponses que les soins n’expliquent pas, étiqueté à la main sans connaître le "
        "classement. Limites exactes à {level}. Étiquetées deux fois : {twice}, de même façon : {same}. Aucun "
        "classement n’en dépend.",
        "Drawn by lot among answers that care does not explain, labelled by hand without knowing the verdict. Exact "
        "limits at {level}. Labelled twice: {twice}, alike: {same}. No verdict depends on them.",
    ),
    "doubt_text_people": (
        "Si l’un quelconque des comptes mis en cause n’avait servi qu’à son titulaire, le nombre attesté compterait "
        "au plus {n} de moins.",
        "If any one of the accused accounts had served its holder alone, the certain number would be lower by at "
        "most {n}.",
    ),
    "doubt_text_pages": (
        "Si l’un quelconque des clients mis en cause était un lecteur, le nombre attesté compterait au plus {n} de "
        "moins.",
        "If any one of the accused clients were a reader, the certain number would be lower by at most {n}.",
    ),
    "source": ("Source : {table}", "Source: {table}"),
    # Figures
    "figure_numbers": (
        "Figure 1. Attesté, estimation et périmètre ; longueurs en part du périmètre de chaque ligne.",
        "Figure 1. Certain, estimate and perimeter; lengths are shares of each row’s perimeter.",
    ),
    "figure_numbers_alt": (
        "Attesté {certain}, {middle}, périmètre {perimeter} pour l’ensemble ; le détail est dans le tableau 1.",
        "Certain {certain}, {middle}, perimeter {perimeter} for the whole case; details are in table 1.",
    ),
    "figure_time": (
        "Figure 2. Consultations au cours du temps : en haut les sessions classées « extraction "
        "automatisée », en bas toutes les autres, chacune à son échelle.",
        "Figure 2. Lookups over time: sessions judged scraping above, all others below, each at its own scale.",
    ),
    "figure_time_alt": (
        "{scraping} consultations par des sessions classées « extraction automatisée », {others} par les autres.",
        "{scraping} lookups by sessions judged scraping, {others} by the others.",
    ),
    # Operators and insurers
    "scopes": ("Par opérateur et par organisme", "By operator and by insurer"),
    "estimates_caption": (
        "Les trois nombres pour chaque champ ({people})",
        "The three numbers of each scope ({people})",
    ),
    "scope": ("Champ", "Scope"),
    "whole": ("Ensemble", "Whole case"),
    "operator": ("Opérateur {name}", "Operator {name}"),
    "insurer": ("Organisme {name}", "Insurer {name}"),
    "logged": ("dont nommées par le journal", "of which named by the log"),
    "inferred": ("dont déduites du registre", "of which inferred from the register"),
    "doubt": ("Doute", "Doubt"),
    "interval": ("Intervalle", "Interval"),
    "envelope": ("Enveloppe", "Envelope"),
    "evidence_level": ("Preuve", "Evidence"),
    "levels": (
        "Niveaux de preuve : A, identifiants journalisés et journal complet ; B, identifiants journalisés, avec "
        "des lacunes ou sans témoin indépendant ; C, sans identifiants, volumes seulement ; D, débit et durée "
        "seulement ; mixed, plusieurs. Doute : ce que le nombre attesté perdrait si le compte mis en cause qui "
        "pèse le plus était honnête.",
        "Evidence levels: A, identifiers logged and log complete; B, identifiers logged, with gaps or without an "
        "independent witness; C, no identifiers, volumes only; D, rate and duration only; mixed, several. Doubt: "
        "what the certain number would lose if the accused account that weighs most were honest.",
    ),
    "small_cells": (
        "Pour un organisme, un nombre de 1 à 10 est remplacé par « < 11 ».",
        "For an insurer, a count of 1 to 10 is replaced by “< 11”.",
    ),
    "overlap_operator": (
        "Opérateurs : {sum} au total − {overlap} {people} comptées chez plusieurs = {whole}.",
        "Operators: {sum} in all − {overlap} {people} counted at several = {whole}.",
    ),
    "overlap_insurer": (
        "Organismes : {sum} au total − {overlap} {people} comptées chez plusieurs (solde des {people} sans "
        "organisme connu) = {whole}.",
        "Insurers: {sum} in all − {overlap} {people} counted at several (net of {people} without a known "
        "insurer) = {whole}.",
    ),
    # Sessions and campaigns
    "sessions": ("Sessions et campagnes", "Sessions and campaigns"),
    "sensitivity_caption": (
        "Nombre de sessions selon le silence qui y met fin",
        "Number of sessions by the silence that ends one",
    ),
    "silence_minutes": ("Silence, minutes", "Silence, minutes"),
    "sensitivity_note": (
        "Les clients ne dépendent pas de ce silence ; les verdicts, qui portent sur eux, n’en dépendent que par la "
        "régularité, mesurée entre les consultations d’une même session.",
        "Clients do not depend on this silence; verdicts, which are about clients, depend on it only through "
        "steadiness, which is measured between the lookups of one session.",
    ),
    "sessions_text_people": (
        "{total} sessions : extraction automatisée {scraping}, indéterminées {unclear}. "
        "Comptes utilisés par le robot : {used} sur {accounts}. Campagnes : {campaigns}. Sur {clients} clients, "
        "{few} ont demandé trop peu de personnes pour être jugés : ils ne sont pas mis en cause, rien de plus.",
        "{total} sessions: {scraping} judged scraping, {unclear} unclear. Accounts used by the robot: {used} of "
        "{accounts}. Campaigns: {campaigns}. Of {clients} clients, {few} asked for too few people to be judged: they "
        "are not accused, no more than that.",
    ),
    "sessions_text_pages": (
        "{total} sessions : extraction automatisée {scraping}, indéterminées {unclear}. "
        "Campagnes : {campaigns}. Sur {clients} clients, {used} sont mis en cause et {few} ont demandé trop peu de "
        "pages pour être jugés : ils ne sont pas mis en cause, rien de plus.",
        "{total} sessions: {scraping} judged scraping, {unclear} unclear. Campaigns: {campaigns}. Of {clients} "
        "clients, {used} are accused and {few} asked for too few pages to be judged: they are not accused, no more "
        "than that.",
    ),
    "verdict_text_pages": (
        "Un verdict porte sur les sessions d’un client (adresse et logiciel), jamais sur une personne.",
        "A verdict is about the sessions of a client (address and software), never about a person.",
    ),
    "verdict_text_people": (
        "Un verdict porte sur les sessions d’un client (compte, adresse, logiciel), jamais sur une "
        "personne : le titulaire d’un compte utilisé peut en être la première victime.",
        "A verdict is about the sessions of a client (account, address, software), never about a person: the "
        "holder of a used account may be its first victim.",
    ),
    "campaigns_caption": ("Campagnes", "Campaigns"),
    "ties_caption": ("Ce qui relie les comptes mis en cause", "What links the accused accounts"),
    "ties_caption_pages": ("Ce qui relie les clients mis en cause", "What links the accused clients"),
    "tie": ("Lien", "Tie"),
    "n_links": ("Paires reliées", "Linked pairs"),
    "n_pairs": ("Paires comparées", "Pairs compared"),
    "honest_linked": ("Paires honnêtes que ce lien réunirait", "Honest pairs that this tie would link"),
    "honest_upper": ("Part honnête, au plus", "Honest share, at most"),
    "is_used": ("Retenu", "Used"),
    "tie_is_used": ("oui", "yes"),
    "tie_not_used": ("non", "no"),
    "of_pairs": ("{n} sur {of}", "{n} of {of}"),
    "tie_account": ("même compte", "same account"),
    "tie_network": ("même réseau (/24, /48), rare ailleurs", "same network (/24, /48), rare elsewhere"),
    "tie_agent": ("même navigateur, rare ailleurs", "same browser, rare elsewhere"),
    "tie_list_shared_out": ("liste partagée : trop peu de noms communs", "list shared out: too few in common"),
    "tie_list_walked_twice": ("même liste : trop de noms communs", "same list: too many in common"),
    "tie_tempo": ("même rythme, quelle que soit la vitesse", "same rhythm, whatever the speed"),
    "ties_note": (
        "Un lien n’est retenu qu’au degré où les clients que rien ne met en cause, dans ce même dossier, ne l’ont "
        "presque jamais entre eux ; la part honnête est donnée avec sa limite supérieure à 95 %. Un lien non retenu y "
        "est trop fréquent, ou trop peu de clients honnêtes permettent d’en juger. Deux robots différents qui "
        "dormiraient au hasard de la même façon auraient le même rythme.",
        "A tie is used only at a degree that clients whom nobody suspects, in this very case, hardly ever share; the "
        "honest share is given by its upper 95 % limit. A tie that is not used is too frequent among them, or too few "
        "honest clients are there to tell. Two different robots that sleep at random in the same way would have the "
        "same rhythm.",
    ),
    "pairs_caption": ("Un même acteur ?", "The same actor?"),
    "compared_two": ("Comparés", "Compared"),
    "two_operators": ("Opérateurs {a} et {b}", "Operators {a} and {b}"),
    "two_campaigns": ("Campagnes {a} et {b}", "Campaigns {a} and {b}"),
    "linked_by": ("Reliés par", "Linked by"),
    "chance_at_most": ("Un lien aussi étroit par hasard, au plus", "As close a tie by chance, at most"),
    "pair_answer": ("Réponse", "Answer"),
    "answer_compatible": (
        "compatible avec un seul acteur : indice, non preuve",
        "compatible with one actor: evidence, not proof",
    ),
    "answer_nothing_found": (
        "aucun lien trouvé : ni un seul acteur, ni deux ne sont établis",
        "no tie found: neither one actor nor two is shown",
    ),
    "answer_not_measurable": ("non mesurable ici", "cannot be measured here"),
    "through_others": ("d’autres comptes", "other accounts"),
    "pairs_note": (
        "Le hasard est celui de clients honnêtes du même dossier, sans rapport entre eux, multiplié par le nombre de "
        "paires et de sortes de lien examinées ; il ne dit rien de deux robots différents qui se ressembleraient.",
        "Chance is that of unrelated honest clients of the same case, times the pairs and the kinds of tie that were "
        "looked at; it says nothing of two different robots that are alike.",
    ),
    "pairs_left_out": ("{n} paires de plus dans campaign_pairs.parquet.", "{n} more pairs in campaign_pairs.parquet."),
    "requisitions_caption": ("Adresses à demander aux fournisseurs d’accès", "Addresses to ask access providers about"),
    "n_ports": ("Ports", "Ports"),
    "requests_sent": ("Requêtes", "Requests"),
    "ports_note": (
        "Ports et heures de chaque session : requisitions.parquet. Derrière une adresse partagée, seul le port à cet "
        "instant distingue les abonnés.",
        "Ports and times of each session: requisitions.parquet. Behind a shared address only the port at that moment "
        "tells subscribers apart.",
    ),
    "addresses_left_out": (
        "{n} adresses de plus dans requisitions.parquet, avec les ports et les heures de chaque session.",
        "{n} more addresses in requisitions.parquet, with the ports and times of each session.",
    ),
    "accused_caption": (
        "Clients classés « extraction automatisée »",
        "Clients judged scraping",
    ),
    "unclear_caption": ("Clients indéterminés", "Unclear clients"),
    "campaign": ("Campagne", "Campaign"),
    "clients": ("Clients", "Clients"),
    "accounts": ("Comptes", "Accounts"),
    "n_sessions": ("Sessions", "Sessions"),
    "lookups": ("Consultations", "Lookups"),
    "hits": ("dont fructueuses", "of which hits"),
    "first": ("Début (UTC)", "First (UTC)"),
    "last": ("Fin (UTC)", "Last (UTC)"),
    "account": ("Compte", "Account"),
    "address": ("Adresse", "Address"),
    "agent": ("Logiciel annoncé", "Declared software"),
    "asked_people": ("Numéros demandés", "Numbers asked for"),
    "asked_pages": ("Pages demandées", "Pages asked for"),
    "clients_left_out": (
        "{n} autres clients, moins actifs, sont dans strands.parquet.",
        "{n} other, less active clients are in strands.parquet.",
    ),
    "numbered": ("Tableau {n}. {caption}", "Table {n}. {caption}"),
    "exposed_caption": ("Qui a été montré, et comment on le sait", "Who was shown, and how it is known"),
    "tier": ("Écran", "Screen"),
    "tier_displayed": ("affiché en entier", "displayed in full"),
    "tier_listed": ("dans une liste", "in a list"),
    "known_by": ("Connu par", "Known by"),
    "certainty_logged": ("le journal", "the log"),
    "certainty_inferred": ("le registre", "the register"),
    "shown": ("{people} montrées", "{people} shown"),
    "views": ("Affichages", "Views"),
    "shown_fields": (
        "Données affichées (déclarées par l’opérateur)",
        "Fields displayed (declared by the operator)",
    ),
    "perimeter_caption": ("Le périmètre, selon la définition", "The perimeter, by definition"),
    "count": ("Nombre", "Count"),
    "counted_as": ("Définition", "Definition"),
    "definition_lines": ("lignes du registre", "lines of the register"),
    "definition_contracts": ("contrats (cartes)", "contracts (cards)"),
    "definition_people": ("{people}", "{people}"),
    "definition_people_covered": ("{people}, sans les anciens", "{people}, formers left out"),
    "width_caption": (
        "Ce dont l’intervalle et l’enveloppe tiennent compte",
        "What interval and envelope allow for",
    ),
    "cause": ("Cause", "Cause"),
    "width_from_definitions": (
        "intervalle : réponses incomplètes, ou carte rejointe après ce jour",
        "interval: answers that were no full success, or a card joined after that day",
    ),
    "width_from_lost_lines": (
        "intervalle : lignes perdues bien que tous les compteurs s’accordent",
        "interval: lines lost although all counters agree",
    ),
    "width_from_accused": (
        "intervalle, sous le nombre attesté : mises en cause que les étiquettes contredisent",
        "interval, below the certain number: accusations that labels contradict",
    ),
    "width_from_unclear": ("intervalle : sessions indéterminées", "interval: unclear sessions"),
    "width_from_unexplained": (
        "intervalle : consultations d’autres clients que rien n’explique",
        "interval: lookups of other clients that nothing explains",
    ),
    "envelope_from_others": (
        "enveloppe : toute autre {person} demandée, par qui que ce soit",
        "envelope: any other {person} asked for, by anyone at all",
    ),
    "none": ("Aucun.", "None."),
    # Professionals
    "records_text": (
        "Le registre et le journal s’accordent sur le nombre de personnes affichées dans {agree} des "
        "{compared} réponses qui le disent.",
        "Register and log agree on the number of people displayed in {agree} of the {compared} answers that tell it.",
    ),
    "professionals": ("Professionnels", "Professionals"),
    "professionals_text_people": (
        "Comptes de professionnels dont les propres données ont été affichées à une session classée "
        "« extraction automatisée » : {n}.",
        "Professionals’ accounts whose own data was displayed to a session judged scraping: {n}.",
    ),
    "professionals_text_pages": (
        "Sans objet : le journal d’un site public ne connaît pas de professionnels.",
        "Not applicable: the log of a public site knows no professionals.",
    ),
    # Evidence
    "evidence": ("Les pièces", "The evidence"),
    "rows_caption": (
        "Lignes lues = acceptées + rejetées + doublons",
        "Lines read = accepted + rejected + duplicates",
    ),
    "source_name": ("Source", "Source"),
    "read": ("Lues", "Read"),
    "accepted": ("Acceptées", "Accepted"),
    "rejected": ("Rejetées", "Rejected"),
    "duplicates": ("Doublons", "Duplicates"),
    "balance": ("Compte juste", "Adds up"),
    "yes": ("oui", "yes"),
    "no": ("NON", "NO"),
    "joins_caption": (
        "Lignes des journaux partiels, et ce qui les réunit",
        "Lines of the partial logs, and what joins them",
    ),
    "log_lines": ("Lignes", "Lines"),
    "by_request": ("réunies par la référence", "joined by reference"),
    "by_time": ("réunies par l’heure", "joined by time"),
    "by_session": ("réunies par la session", "joined by session"),
    "alone": ("restées seules", "left alone"),
    "unnamed_lookups": ("consultations sans nom (niveau C)", "lookups that name nobody (level C)"),
    "joins_note": (
        "Réunies par l’heure : sans référence commune, même expéditeur (session, sinon compte et adresse), même acte, "
        "et chacune la plus proche de l’autre, une fois ôté l’écart mesuré entre les horloges. Une ligne restée seule "
        "reste une requête ; si elle montre quelqu’un sans dire qui, elle compte comme volume, sans personne.",
        "Joined by time: without a common reference, the same sender (session, else account and address), the same "
        "act, and each the other’s nearest once the measured difference of the clocks is taken off. A line left alone "
        "stays a request; where it shows somebody without saying whom it counts as a volume, without a person.",
    ),
    "clocks_caption": ("Écarts mesurés entre les horloges", "Measured differences between clocks"),
    "clock": ("Horloge", "Clock"),
    "reference_clock": ("par rapport à", "against"),
    "skew": ("Avance (s)", "Ahead by (s)"),
    "drift": ("Dérive (s par jour)", "Drift (s a day)"),
    "compared": ("Comparaisons", "Comparisons"),
    "to_do": ("Que faire", "What to do"),
    "clock_unmeasured": ("non mesurable", "not measurable"),
    "clock_agrees": ("rien : l’intervalle contient zéro", "nothing: the interval holds zero"),
    "clock_declare": (
        "déclarer clock_offset_s = {offset} pour la source de cette horloge, si elle y est seule",
        "declare clock_offset_s = {offset} for the source of this clock, if it is alone in it",
    ),
    "clock_source": (
        "rien : les deux journaux écrivent à deux instants ; à déclarer si l’écart dépasse le temps de réponse",
        "nothing: the two logs write at different moments; to be declared if the difference exceeds the response time",
    ),
    "clocks_note": (
        "Entre serveurs : de chaque session servie par les deux, une requête tirée au sort de chaque côté, de même "
        "nature ; médiane des différences, intervalle du test des signes. Suppose que les requêtes sont réparties au "
        "hasard ; où les sessions restent sur un serveur, rien n’est mesurable. Avec une dérive, l’écart est celui du "
        "milieu du journal.",
        "Between servers: of each session that both served, one request drawn by lot on each side, of one kind; median "
        "of the differences, interval of the sign test. It assumes that requests are dealt at random; where sessions "
        "stay on one server nothing is measurable. With a drift the difference is that of the middle of the log.",
    ),
    "coverage_caption": ("Couverture des journaux", "Log coverage"),
    "operator_name": ("Opérateur", "Operator"),
    "server": ("Serveur", "Server"),
    "kind": ("Nature", "Kind"),
    "kind_complete": ("complet", "complete"),
    "kind_gap": ("lacune", "gap"),
    "kind_surplus": ("excédent", "surplus"),
    "kind_unwitnessed": ("sans témoin", "unwitnessed"),
    "kind_silence": ("silence", "silence"),
    "kind_missing_hour": ("heures manquantes", "missing hours"),
    "kind_missing_server": ("serveur manquant", "missing server"),
    "kind_rotation": ("fichier manquant", "missing file"),
    "kind_rate_change": ("débit en chute", "fallen rate"),
    "meaning_complete": (
        "Complet : un compteur indépendant a compté autant de requêtes que le journal en garde.",
        "Complete: an independent counter counted as many requests as the log keeps.",
    ),
    "meaning_gap": (
        "Lacune : un compteur indépendant a compté plus que le journal ne garde, ou l’opérateur a déclaré une panne.",
        "Gap: an independent counter counted more than the log keeps, or the operator declared an outage.",
    ),
    "meaning_surplus": (
        "Excédent : le compteur a compté moins que le journal ne garde ; il n’atteste rien.",
        "Surplus: the counter counted less than the log keeps; it witnesses nothing.",
    ),
    "meaning_unwitnessed": (
        "Sans témoin : rien d’indépendant ne dit si des lignes manquent.",
        "Unwitnessed: nothing independent says whether lines are missing.",
    ),
    "meaning_silence": (
        "Silence : pas une ligne, alors que même le jour le plus calme de la semaine en apporte d’ordinaire aux mêmes "
        "heures, ou que les autres serveurs en écrivaient, bien trop pour que ce soit le hasard.",
        "Silence: not one line, although even the quietest day of the week usually brings lines at the same hours, or "
        "the other servers were writing, far too many for this to be chance.",
    ),
    "meaning_missing_hour": (
        "Heures manquantes : un tel silence couvre des heures entières qui, les autres jours, ont des lignes.",
        "Missing hours: such a silence takes whole hours which have lines on the other days.",
    ),
    "meaning_missing_server": (
        "Serveur manquant : un serveur n’a rien écrit pendant un jour ou plus alors que les autres écrivaient, ou "
        "n’a jamais écrit bien qu’il soit nommé.",
        "Missing server: a server wrote nothing for a day or more while the others did, or is named and never wrote.",
    ),
    "meaning_rotation": (
        "Fichier manquant : le silence va de la fin d’un fichier au début du suivant, la suite des noms saute un "
        "numéro ou une date, ou le premier fichier commence après la date des soupçons.",
        "Missing file: the silence runs from the end of one file to the beginning of the next, the series of names "
        "skips a number or a date, or the first file begins after the date of the suspicions.",
    ),
    "meaning_rate_change": (
        "Débit en chute : pendant des jours un serveur a écrit bien moins que sa part habituelle, ou bien moins "
        "que les mêmes jours des autres semaines ; combien manque, le journal ne le dit pas.",
        "Fallen rate: for days a server wrote far less than its usual share, or far less than on the same days of "
        "other weeks; how much is missing the log does not say.",
    ),
    "unknown_not_zero": (
        "Ce qui n’a pas été vu est inconnu, jamais nul : personne n’est réputé épargné parce que le journal se tait.",
        "What was not seen is unknown, never zero: nobody is held to be spared because the log is silent.",
    ),
    "unknown": ("inconnue", "unknown"),
    "figure_coverage": (
        "Figure 3. Couverture des journaux : foncé, confirmé par un compteur ; gris, sans témoin ; pâle et hachuré, "
        "inconnu.",
        "Figure 3. Log coverage: dark, confirmed by a counter; grey, unwitnessed; pale and hatched, unknown.",
    ),
    "figure_coverage_alt": (
        "Intervalles confirmés : {complete} ; inconnus : {unknown} ; le détail est dans le tableau de la couverture.",
        "Stretches confirmed: {complete}; unknown: {unknown}; details are in the table of coverage.",
    ),
    "stretches": ("Intervalles", "Stretches"),
    "hours": ("Heures", "Hours"),
    "share_kept": ("Part conservée", "Share kept"),
    "inputs_caption": (
        "Fichiers saisis et leur empreinte",
        "Input files and their digests",
    ),
    "file": ("Fichier", "File"),
    "bytes": ("Octets", "Bytes"),
    # Method and limits
    "method": ("La méthode, en clair", "The method, in plain words"),
    "limits": ("Limites et autres explications", "Limits and other explanations"),
    "limits_here": ("Ce qui manque à ce dossier", "What this case lacks"),
    "limits_none": (
        "Aucune limite propre à ce dossier n’est signalée.",
        "No limit particular to this case applies.",
    ),
    "limit_other": ("Limite signalée par l’analyse : {code}.", "Limit reported by the analysis: {code}."),
    "alternatives": ("Les autres explications examinées", "Other explanations considered"),
    **TRIALS,
    **DETECTION,
    # Reproduction
    "again": ("Refaire le calcul", "How to reproduce this"),
    "again_text": (
        "Mêmes pièces, mêmes réglages, mêmes versions et même clé donnent les mêmes octets ; cette page dit aussi "
        "quelles autres analyses le journal connaît. CASE est le dossier reçu ; la première commande vérifie et refait "
        "tout à part, la seconde recalcule sur place.",
        "The same evidence, settings, versions and key give the same bytes; this page also tells which other analyses "
        "the journal knows. CASE is the folder received; the first command checks and derives everything again "
        "elsewhere, the second computes it in place.",
    ),
    "digest": ("Empreinte des pièces (SHA-256) : {digest}", "Digest of the evidence (SHA-256): {digest}"),
    "versions": ("Versions : {versions}", "Versions: {versions}"),
    "settings_caption": ("Réglages", "Settings"),
    "setting": ("Réglage", "Setting"),
    "value": ("Valeur", "Value"),
}
