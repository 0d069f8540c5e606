"""How the numbers were reached, what they cannot say and what else could explain them, in plain words."""

from __future__ import annotations

from forensics.reasons import Pair

METHOD: dict[str, Pair] = {
    "sessions": (
        "Sessions. Les requêtes d’un même client (compte, adresse, logiciel) sous un même jeton de "
        "session du portail, s’il en a, forment une session tant que le silence ne dépasse pas {gap} minutes ; ce qui "
        "dure davantage est coupé toutes les {cap} heures depuis le dernier silence.",
        "Sessions. Requests of one client (account, address, software) under one session token of the portal, where "
        "it has one, form a session until it falls silent for more than {gap} minutes; what lasts longer is cut every "
        "{cap} hours since the last silence.",
    ),
    "measures": (
        "Mesures. L’allure, dans les {window} minutes les plus chargées, est comparée à celle du client "
        "le plus rapide des semaines saines ou, sans semaines saines, à celle que seuls dépassent "
        "{fastest} des clients. La régularité des silences est comparée au hasard.",
        "Measures. Pace, in the busiest {window} minutes, is held against the fastest client of the clean"
        " weeks or, without clean weeks, against the pace that only {fastest} of clients exceed. The "
        "steadiness of silences is held against chance.",
    ),
    "families_people": (
        "Règle des deux familles. Un client n’est classé « extraction automatisée » que si deux de trois familles "
        "l’indiquent : la machine (allure, régularité, ampleur, échecs, ou habitudes du compte), les soins "
        "(aucune facturation n’explique les consultations, "
        "à la différence des comptes de même profession aux mêmes semaines et des semaines saines du compte), le lien "
        "(sa liste de travail évite ou suit celle de clients déjà mis en cause, à la différence de celles "
        "des comptes honnêtes du même opérateur). "
        "Le lien n’accuse jamais un client pour lequel les soins parlent. Une seule famille laisse le client "
        "« indéterminé », jamais mis en cause : ainsi d’un robot aussi lent qu’une personne.",
        "The rule of two families. A client is judged scraping only where two of three families say so: machine (pace, "
        "steadiness, breadth, misses, or habits of the account), care (no claims explain the lookups, unlike "
        "those of accounts of the same profession in the "
        "same weeks and of the account's own clean weeks), link (its work list avoids or follows that of clients "
        "accused already, unlike those of honest accounts of the same operator). Link never accuses a client "
        "for whom care speaks. One family alone leaves a "
        "client unclear, never accused: so it is with a robot as slow as a person.",
    ),
    "families_pages": (
        "Règle des deux familles. Un client n’est classé « extraction automatisée » que si l’allure et la "
        "régularité l’indiquent toutes deux : des pages publiques n’ont pas de soins à comparer.",
        "The rule of two families. A client is judged scraping only where pace and steadiness both say so: "
        "public pages have no care to compare.",
    ),
    "error": (
        "Erreur. La probabilité que même un seul client honnête du dossier soit mis en cause à tort est "
        "tenue sous 1 sur {one_in}, toutes comparaisons comprises. Les autres clients d’un compte déjà "
        "mis en cause sont jugés entre eux, avec au plus {beside} de mises en cause fausses attendues.",
        "Error. The chance that even one honest client of the case is accused wrongly is held below 1 in "
        "{one_in}, all comparisons included. Other clients of an account already accused are judged among "
        "themselves, with at most {beside} of false accusations expected.",
    ),
    "certain": (
        "Attesté. On compte chaque {person} une fois, si une ligne conservée d’une session mise en cause la "
        "montre : nommée par la réponse, ou déduite du registre quand la réponse ouvre une carte entière.",
        "Certain. Each {person} counts once, where a retained line of an accused session shows it: named "
        "by the response, or inferred from the register where the response opens a whole card.",
    ),
    "complete": (
        "Niveau A. Là où le journal dit ce qui a été montré et où aucune perte n’est trouvée, le nombre "
        "se compte. L’intervalle va de la définition la plus stricte de ce qui est montré à la plus "
        "large, augmentée des sessions indéterminées, de la limite haute de ce que les soins n’expliquent pas "
        "chez les autres clients, et de ce que des lignes perdues sans trace pourraient contenir ; chacune de "
        "ces deux limites est prise à 97,5 %.",
        "Level A. Where the log says what was shown and no loss is found, the number is counted. The "
        "interval runs from the strictest definition of what is shown to the broadest, plus the unclear "
        "sessions, the upper limit of what care does not explain among other clients, and what lines lost "
        "without a trace could hold; each of these two limits is taken at 97.5%.",
    ),
    "labels": (
        "Relecture à la main. Des réponses tirées au sort, que les soins n’expliquent pas, sont étiquetées sans que le "
        "classement soit connu (forensics audit). Aucun client n’est mis en cause par une étiquette. Où elle peut "
        "resserrer l’intervalle, la part maximale d’un robot parmi les clients indéterminés ou honnêtes (limites "
        "exactes unilatérales, toutes strates ensemble à 98,75 %) borne les {people} manquées ; les lignes perdues "
        "sont alors prises à 98,75 %. Ce que les soins expliquent compte pour des soins.",
        "Labels by hand. Answers drawn by lot, which care does not explain, are labelled without knowledge of the "
        "verdict (forensics audit). No client is accused by a label. Where it can narrow the interval, the largest "
        "share that a robot may have among unclear or honest clients (exact one-sided limits, all strata together at "
        "98.75%) bounds the {people} that were missed; lost lines are then taken at 98.75%. What care "
        "explains counts as care.",
    ),
    "three": (
        "Règle de trois. Un compteur indépendant (passerelle, répartiteur, facturation) qui s’accorde "
        "avec le journal sur n fenêtres ne prouve pas que rien ne manque : à 95 % de confiance, il borne "
        "la part perdue à 3/n environ.",
        "The rule of three. An independent counter (gateway, load balancer, billing) that agrees with the"
        " log in n windows does not prove that nothing is missing: at 95% confidence it bounds the share "
        "lost by about 3/n.",
    ),
    "envelope": (
        "Enveloppe. Elle s’étend du nombre attesté, doute déduit, à ce que l’on obtiendrait si tous les clients "
        "du journal, hors semaines saines, étaient le robot ; là où le journal n’est pas entier, jusqu’au "
        "périmètre. Elle ne porte aucune probabilité.",
        "Envelope. It runs from the certain number, less the doubt, to what would be found if every client of "
        "the log, outside the clean weeks, were the robot; where the log is not whole, to the perimeter. It "
        "claims no probability.",
    ),
    "trials": (
        "Essais. Le rapport est tiré aussi du journal : une analyse faite avec d’autres réglages y paraît, même si "
        "l’on revient ensuite aux premiers. Les autres résultats n’en dépendent pas.",
        "Trials. The report is made from the journal too: an analysis made with other settings appears in it, even "
        "after a return to the first ones. The other results do not depend on it.",
    ),
}

LIMITS: dict[str, Pair] = {
    "no_claims": (
        "Pas de facturation : rien ne dit si des soins ont suivi les consultations ; la famille « soins » manque.",
        "No claims: nothing says whether care followed the lookups; the care family is missing.",
    ),
    "no_accounts": (
        "Pas de fichier des comptes : un compte ne peut être comparé à ceux de sa profession.",
        "No file of accounts: an account cannot be compared with those of its profession.",
    ),
    "no_register": (
        "Pas de registre : le périmètre est ce que le journal laisse voir, et rien ne peut être déduit d’une carte.",
        "No register: the perimeter is what the log lets us see, and nothing can be inferred from a card.",
    ),
    "no_counters": (
        "Pas de compteur indépendant : des lignes perdues sans trace ne peuvent être exclues.",
        "No independent counter: lines lost without a trace cannot be ruled out.",
    ),
    "no_clean_weeks": (
        "Pas de semaines réputées saines : l’allure de référence est tirée du journal lui-même.",
        "No clean weeks: the reference pace is taken from the log itself.",
    ),
    "lines_missing": (
        "Des lignes manquent au journal, des compteurs le montrent : seules des bornes sont données.",
        "Lines are missing from the log, as counters show: only bounds are given.",
    ),
    "not_witnessed": (
        "Rien d’indépendant n’atteste que le journal est entier : seules des bornes sont données.",
        "Nothing independent witnesses that the log is whole: only bounds are given.",
    ),
    "lines_unseen": (
        "Le journal se tait, ou presque, là où il ne devrait pas (voir la couverture) : ce qui s’y est passé est "
        "inconnu.",
        "The log is silent, or nearly so, where it should not be (see its coverage): what happened there is unknown.",
    ),
    "hits_without_card": (
        "Des réponses ont montré des personnes que le registre ne connaît pas : elles manquent au compte.",
        "Answers showed people whom the register does not know: they are missing from the count.",
    ),
    "lines_alone": (
        "Les journaux partiels ne se rejoignent pas partout : {alone} lignes sur {lines} restent sans compte, sans "
        "adresse ou sans personne demandée ; {unnamed} consultations ne nomment personne (niveau de preuve C).",
        "The partial logs do not join everywhere: {alone} of {lines} lines are left without an account, an address or "
        "whom they asked for; {unnamed} lookups name nobody (evidence level C).",
    ),
    "links_not_measured": (
        "Les liens entre les identifiants d’une même personne (deux opérateurs, deux numéros, enfants des deux "
        "parents) sont ceux que numéros, dates et rangs de naissance ou noms établissent ; les liens manqués, qui "
        "comptent une personne deux fois, ne sont pas mesurés (réglage linkage).",
        "Links between the keys of one person (two operators, two numbers, children of both parents) are those that "
        "numbers, birth dates and ranks or names establish; links missed, which count a person twice, are not measured "
        "(setting linkage).",
    ),
    "people_under_one_key": (
        "Le registre inscrit plusieurs prénoms sous un même numéro et une même date, sans rang de naissance "
        "(jumeaux) : ces personnes ne comptent que pour une.",
        "The register lists several first names under one number and one birth date without a birth rank (twins): "
        "these people count as one.",
    ),
    "records_disagree": (
        "Le journal et le registre ne s’accordent pas toujours sur le nombre de personnes affichées.",
        "Log and register do not always agree on the number of people displayed.",
    ),
    "labels_outdated": (
        "La relecture à la main porte sur d’autres classements que ceux-ci : elle n’est pas prise en compte. Il faut "
        "tirer de nouveau (forensics audit).",
        "The labels by hand are of other verdicts than these: they are not taken into account. Draw anew (forensics "
        "audit).",
    ),
    "no_labels": (
        "Pas de relecture à la main : le taux d’erreur du classement est calculé, il n’a pas été vérifié sur "
        "échantillon.",
        "No labels by hand: the error rate of verdicts is computed, it was not checked on a sample.",
    ),
}

ALTERNATIVES: tuple[Pair, ...] = (
    (
        "Un logiciel de cabinet ou une sonde de surveillance peut être rapide et régulier : c’est "
        "pourquoi une seule famille de mesures ne suffit pas.",
        "A practice’s software or a monitoring probe can be fast and steady: this is why one family of "
        "measures is not enough.",
    ),
    (
        "Plusieurs personnes derrière une même adresse ou un même compte peuvent sembler n’en être "
        "qu’une, très rapide : un client est donc un compte, une adresse et un logiciel ensemble.",
        "Several people behind one address or account can look like a single, very fast one: a client is "
        "therefore account, address and software together.",
    ),
    (
        "Des lignes écrites deux fois gonflent l’allure : les doublons que trahit leur référence, ou un fichier qui en "
        "recouvre un autre, sont retirés et comptés ; deux lignes identiques d’un même fichier sans référence restent "
        "deux consultations.",
        "Lines written twice inflate the pace: duplicates that their reference gives away, or a file that overlaps "
        "another, are removed and counted; two identical lines of one file without a reference stay two lookups.",
    ),
    (
        "Une réponse transmise n’est pas forcément conservée par celui qui l’a reçue : aucun journal ne "
        "peut le dire, ce rapport non plus.",
        "A transmitted response was not necessarily kept by whoever received it: no log can tell, nor "
        "does this report.",
    ),
    (
        "Un robot assez lent pour imiter un professionnel échapperait au nombre attesté ; l’intervalle ne le "
        "couvre que si les soins n’expliquent pas ses consultations, l’enveloppe le couvre. Un robot déjà présent "
        "dans les semaines déclarées saines ne serait couvert par aucun des deux.",
        "A robot slow enough to imitate a professional would escape the certain number; the interval covers it only "
        "where care does not explain its lookups, the envelope does cover it. A robot already there in the weeks "
        "declared clean would be covered by neither.",
    ),
)
