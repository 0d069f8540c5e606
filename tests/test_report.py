"""What the report says, that it says it in two languages, and that nothing in a log can make it say more."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from string import Formatter

import pytest

from forensics import reasons, report
from forensics.figures import words as figure_words
from forensics.report import method, render, several_logs, tables
from forensics.report.language import Voice
from forensics.report.words import WORDS
from tests.made_results import BOUNDS_ONLY, ESTIMATE, STRAND, SUMMARY, hour, made_results

THIN = "\u202f"
NO_BREAK = "\u00a0"
SMALL = f"<{NO_BREAK}11"


class Page(HTMLParser):
    """The words, elements and attributes of a page, as a browser would see them."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.attributes, self.words, self.skipped = [], [], [], 0
        self.feed(text)
        self.text = re.sub(r"[ \n]+", " ", "".join(self.words))

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]
        self.skipped += tag == "style"

    def handle_endtag(self, tag):
        self.skipped -= tag == "style"

    def handle_data(self, data):
        if not self.skipped:
            self.words.append(data)


def page(results, language="en"):
    return Page(report.render(results, language))


@pytest.fixture(scope="module")
def english(tmp_path_factory):
    """The page of the made case, drawn once."""
    return page(made_results(tmp_path_factory.mktemp("case")))


def test_the_first_screen_says_three_numbers_in_english(english):
    text = english.text
    assert "How many distinct people had their data transmitted to a robot, and how sure are we?" in text
    first, second, third = (text.index(number) for number in ("41,236", "43,900", "100,000"))
    assert first < second < third < text.index("Figure 1")
    assert "42,800 to 45,100" in text
    assert "with a 95% interval" in text
    assert "Envelope, without a probability: from 41,116 people, if one of the accused accounts were honest" in text
    assert f"the certain number would be lower by at most 120{NO_BREAK}people." in text


def test_the_first_screen_says_three_numbers_in_french(tmp_path):
    text = page(made_results(tmp_path), "fr").text
    for number in ("41 236", "43 900", "100 000", "de 42 800 à 45 100"):
        assert re.sub(r"(?<=\d) (?=\d)", THIN, number) in text
    assert f"et avec quelle certitude{THIN}?" in text
    assert f"compterait au plus 120{NO_BREAK}personnes de moins." in text


def test_where_only_bounds_are_right_no_interval_is_claimed(tmp_path):
    row = {**ESTIMATE, **BOUNDS_ONLY}
    text = page(made_results(tmp_path, summary={"estimates": [row]})).text
    assert "Bounds 41,116 to 52,000 people: the evidence does not allow an interval with a probability" in text
    assert "95% interval" not in text


def test_a_case_about_pages_speaks_of_pages(tmp_path):
    text = page(made_results(tmp_path, summary={"subject": "pages"})).text
    assert "How many distinct pages were transmitted to a robot" in text
    assert "people" not in text.split("The method, in plain words")[0]
    assert f"1,240{NO_BREAK}pages in the busiest 10 minutes" in text


def test_the_doubt_is_told_as_what_one_wrong_accusation_would_take_away_never_as_a_proof(tmp_path):
    results = made_results(tmp_path, summary={"estimates": [{**ESTIMATE, "certain_doubt": 0}]})
    told = page(results).text.replace(NO_BREAK, " ")
    assert "had served its holder alone, the certain number would be lower by at most 0 people." in told
    assert "proved" not in told


def test_every_number_of_the_whole_case_is_in_the_table(english):
    row = "Whole case 41,236 30,000 11,236 120 43,900 42,800 – 45,100 41,116 – 52,000 100,000 B"
    assert row in english.text


def test_only_insurers_small_counts_are_hidden(tmp_path):
    operator = {**ESTIMATE, "scope": "operator", "operator": "Tiersa", "certain": 9}
    rows = [*SUMMARY["estimates"], operator]
    text = page(made_results(tmp_path, summary={"estimates": rows})).text
    assert f"Insurer M02 {SMALL} {SMALL} 0 120 {SMALL} {SMALL} – 15 {SMALL} – 40 2,000 B" in text
    assert "Operator Tiersa 9 30,000" in text


def test_overlaps_are_printed_so_that_sums_equal_the_whole(english):
    text = english.text
    assert "Operators: 41,500 in all − 264 people counted at several = 41,236." in text
    assert "Insurers: 41,307 in all − 71 people counted at several" in text


def test_an_accused_client_is_shown_with_its_reasons(english):
    text = english.text
    assert "opt-0417 (Viareso) 203.0.113.9 python-requests/2.31 2024-01-18 02:00:05" in text
    assert f"p{NO_BREAK}<{NO_BREAK}10⁻¹²" in text
    assert "5,021 sessions: 4 judged scraping, 17 unclear." in text


def test_more_clients_than_a_page_holds_are_counted(tmp_path):
    strands = [{**STRAND, "strand_id": number} for number in range(103)]
    assert "3 other, less active clients are in strands.parquet." in page(made_results(tmp_path, strands=strands)).text


def test_lines_that_do_not_add_up_are_said_not_to(tmp_path):
    rows = [
        {"source": "good", "read": 10, "accepted": 8, "rejected": 1, "duplicates": 1},
        {"source": "bad", "read": 10, "accepted": 8, "rejected": 1, "duplicates": 0},
    ]
    text = page(made_results(tmp_path, summary={"rows": rows})).text
    assert "good 10 8 1 1 yes" in text
    assert "bad 10 8 1 0 NO" in text


def test_evidence_is_shown_with_coverage_and_digests(english):
    text = english.text
    assert "Viareso web-1 gap 1 3 0% [0% – 1.2%] 2024-01-16 06:00:00 2024-01-16 09:00:00" in text
    assert "evidence/portal.csv portal 1,234 " + "0123456789abcdef" * 4 in text
    assert "Digest of the evidence (SHA-256): " + "ab" * 32 in text


def test_the_method_quotes_the_settings_that_were_used(english):
    text = english.text
    assert "falls silent for more than 30 minutes" in text
    assert "below 1 in 4,000" in text
    assert "the pace that only 1% of clients exceed" in text


def test_each_limit_is_said_only_where_it_applies(tmp_path):
    all_of_them = page(made_results(tmp_path, summary={"limits": list(method.LIMITS)})).text
    none_of_them = page(made_results(tmp_path, summary={"limits": []})).text
    told = [english.split("{")[0].strip() for _, english in method.LIMITS.values()]
    assert all(words in all_of_them for words in told)
    assert not any(words in none_of_them for words in told)
    assert "No limit particular to this case applies." in none_of_them


def test_a_limit_without_words_is_still_reported(tmp_path):
    text = page(made_results(tmp_path, summary={"limits": ["new_limit"]})).text
    assert "Limit reported by the analysis: new_limit." in text


def test_synthetic_cases_are_stamped_and_real_ones_are_not(tmp_path, english):
    stamp = "Synthetic data: no real person is concerned."
    assert english.text.index(stamp) < english.text.index("How many distinct people")
    real = made_results(tmp_path, summary={"case": {**SUMMARY["case"], "synthetic": False}})
    assert stamp not in page(real).text


def test_the_page_says_how_many_sessions_other_silences_would_make(english):
    assert "10 5,210 30 4,120 60 3,940" in english.text
    assert "verdicts" in english.text[english.text.index("Number of sessions") :]


def test_every_table_names_its_columns_its_rows_and_its_source(english):
    assert english.elements.count("table") == english.elements.count("caption") == 18
    assert all(("th", "scope", value) in english.attributes for value in ("col", "row"))
    for name in (
        "estimates",
        "timeline",
        "campaigns",
        "requisitions",
        "strands",
        "professionals",
        "baseline",
        "care_check",
    ):
        assert f"Source: {name}.parquet" in english.text


def test_the_page_is_complete_in_itself_and_runs_nothing(english):
    contents = [value for tag, name, value in english.attributes if (tag, name) == ("meta", "content")]
    policy = next(value for value in contents if "src" in value)
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert {"script", "link", "iframe", "a", "form"} & set(english.elements) == set()
    assert all(name != "style" and not name.startswith("on") for _, name, _ in english.attributes)
    addresses = [value for _, name, value in english.attributes if name in ("src", "href")]
    assert len(addresses) == 3
    assert all(address.startswith("data:image/svg+xml;base64,") for address in addresses)


def test_the_policy_lets_through_this_style_sheet_and_no_other(tmp_path):
    import base64
    import hashlib

    text = report.render(made_results(tmp_path), "en")
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in text


def test_figures_have_words_for_those_who_cannot_see_them(english):
    alts = [value for tag, name, value in english.attributes if (tag, name) == ("img", "alt")]
    assert alts == [
        "Certain 41,236, estimate 43,900, perimeter 100,000 for the whole case; details are in table 1.",
        "2,400 lookups by sessions judged scraping, 70 by the others.",
        "Stretches confirmed: 1; unknown: 1; details are in the table of coverage.",
    ]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_declares_its_language(tmp_path, language):
    assert ("html", "lang", language) in page(made_results(tmp_path), language).attributes


HOSTILE = "<script>alert(1)</script>\x1b[31m\u202edrawrof\u200b\x00\ud800{{ 7*7 }}{0}"
HARMLESS = "<script>alert(1)</script>[U+001B][31m[U+202E]drawrof[U+200B][U+0000][U+D800]{{ 7*7 }}{0}"


def test_hostile_titles_and_sources_are_shown_as_what_they_are(tmp_path):
    case = {**SUMMARY["case"], "title": HOSTILE}
    rows = [{"source": HOSTILE, "read": 1, "accepted": 1, "rejected": 0, "duplicates": 0}]
    read = page(made_results(tmp_path, summary={"case": case, "rows": rows, "limits": [HOSTILE]}))
    assert read.text.count(HARMLESS) == 4
    assert "script" not in read.elements


def test_hostile_accounts_and_agents_are_shown_as_what_they_are(tmp_path):
    nasty = HOSTILE.replace("\ud800", "").replace("\x00", "")
    strand = {
        **STRAND,
        **dict.fromkeys(("account_id", "client_ip", "user_agent", "profession", "why_not"), nasty),
    }
    text = report.render(made_results(tmp_path, strands=[strand]), "en")
    assert "script" not in Page(text).elements
    assert not any(character in text for character in "\x1b\u202e\u200b")


def test_a_page_does_not_tell_where_its_case_is(tmp_path):
    assert str(tmp_path) not in report.render(made_results(tmp_path), "fr")


def test_the_same_results_in_another_folder_give_the_same_page(tmp_path):
    here, there = made_results(tmp_path / "here"), made_results(tmp_path / "there")
    assert report.render(here, "fr") == report.render(there, "fr")


def test_every_word_exists_in_both_languages_with_the_same_blanks():
    everything = [*WORDS.values(), *figure_words.WORDS.values(), *reasons.SENTENCES.values()]
    everything += [
        *reasons.WHY_NOT.values(),
        *method.METHOD.values(),
        *method.LIMITS.values(),
        *method.ALTERNATIVES,
    ]
    for french, english in everything:
        assert french.strip(), english
        assert english.strip(), french
        assert blanks(french) == blanks(english), english


def blanks(text):
    """What a wording leaves open, but for the nouns that languages place differently."""
    return {name for _, name, _, _ in Formatter().parse(text) if name} - {"people", "person"}


def test_no_word_speaks_of_theft_or_of_copies():
    everything = [*WORDS.values(), *reasons.SENTENCES.values(), *method.METHOD.values(), *method.ALTERNATIVES]
    told = " ".join(text for pair in everything for text in pair)
    assert not re.search(r"\b(stolen|theft|cop(y|ied)|vol(é|ées?)|copiée?s?|hack)", told, re.IGNORECASE)


def told(strand, subject, language):
    """The sentences of one client, with ordinary spaces so that they can be read here."""
    return [text.replace(NO_BREAK, " ").replace(THIN, " ") for text in reasons.sentences(strand, subject, language)]


def test_reasons_of_a_robot_in_english():
    assert told(STRAND, "people", "en") == [
        "1,240 people in the busiest 10 minutes; reference pace, from 18,300 clients: 22; p = 3 × 10⁻⁹.",
        "The silences between lookups are steadier than chance: median 1.2 s; p < 10⁻¹².",
        "Care explains 3 of 1,190 patients (a claim before, or within 30 days after); "
        "other accounts of the same profession (opticien) at the same time: 41% (312 accounts); p < 10⁻¹².",
        "Two families of measures together: p < 10⁻¹².",
    ]


def test_reasons_of_a_robot_in_french():
    assert told(STRAND, "people", "fr") == [
        "1 240 personnes dans les 10 minutes les plus chargées ; "
        "allure de référence, tirée de 18 300 clients : 22 ; p = 3 × 10⁻⁹.",
        "Les silences entre consultations sont plus réguliers que le hasard : médiane 1,2 s ; p < 10⁻¹².",
        "Des soins expliquent 3 des 1 190 patients (facturation avant, ou dans les 30 jours) ; "
        "autres comptes de même profession (opticien), à la même période : 41 % (312 comptes) ; p < 10⁻¹².",
        "Deux familles de mesures réunies : p < 10⁻¹².",
    ]


def test_a_shared_work_list_is_told_beside_that_of_honest_accounts():
    shared = {"list_asked": 1724, "n_listed": 0, "peers_share_listed": 0.243, "list_peers": 458, "p_list": 4.5e-30}
    english, french = (told({**STRAND, **shared}, "people", language)[3] for language in ("en", "fr"))
    assert english == (
        "Of 1,724 people asked for by the suspected clients of this account, 0 were by accused clients too; "
        "honest accounts: 24% (458); p < 10⁻¹²."
    )
    assert french == (
        "Sur 1 724 personnes demandées par les clients suspects de ce compte, 0 l’ont aussi été par des clients mis en "
        "cause ; comptes honnêtes : 24 % (458) ; p < 10⁻¹²."
    )


def test_habits_are_told_where_few_honest_clients_share_them():
    habits = {
        "busiest_day": 412, "p_breadth": 0.002, "n_asked": 400, "n_missed": 90, "p_misses": 3e-9,
        "n_later_sessions": 4, "n_strange_sessions": 3, "p_hours": 0.01, "new_network": True, "new_agent": False,
        "p_new": 0.012,
    }  # fmt: skip
    english = told({**STRAND, **habits}, "people", "en")
    assert english[2:6] == [
        "412 people on the busiest day; p = 0.002.",
        "90 of 400 lookups found nobody; p = 3 × 10⁻⁹.",
        "3 of 4 sessions began at hours that this account kept free in its clean weeks; p = 0.010.",
        "This account was never used so in its clean weeks: new network; p = 0.012.",
    ]
    assert "nouveau : réseau" in told({**STRAND, **habits}, "people", "fr")[5]
    usual = habits | dict.fromkeys(("p_breadth", "p_misses", "p_hours", "p_new"), 0.4)
    assert len(told({**STRAND, **usual}, "people", "en")) == len(told(STRAND, "people", "en"))


def test_clean_weeks_and_pages_of_lists_are_told_beside_the_peers():
    known = {"n_lists": 30, "n_before": 44, "followed_before": 35}
    (care,) = (text for text in told({**STRAND, **known}, "people", "en") if text.startswith("Care explains"))
    assert ", 30 of them answers of a list (explained where any of the people named is);" in care
    assert "; clean weeks of this account: 35 of 44; p < 10⁻¹²." in care


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [(2e-9, "fewer than 0.001", "moins de 0,001"), (0.0123, "0.012", "0,012"), (3.21, "3.2", "3,2")],
)
def test_how_many_honest_clients_are_expected_to_look_so(value: float, english: str, french: str):
    strand = {**STRAND, "honest_expected": value}
    said = "Honest clients expected to look so, of all that were tested: "
    assert told(strand, "people", "en")[-1] == f"{said}{english}."
    assert told(strand, "people", "fr")[-1].endswith(f"parmi tous ceux testés : {french}.")


def test_a_measure_that_could_not_be_taken_leaves_no_sentence():
    missing = ("crowd_busiest", "p_pace", "p_regularity", "n_patients", "p_combined")
    strand = {**STRAND, **dict.fromkeys(missing), "why_not": "one family only"}
    assert told(strand, "pages", "en") == [
        "1,240 pages in the busiest 10 minutes.",
        "What prevents a firmer verdict: one family only.",
    ]


def test_what_prevents_a_verdict_is_said_in_both_languages():
    strand = {**STRAND, "why_not": "measures_disagree"}
    assert told(strand, "people", "en")[-1] == ("What prevents a firmer verdict: only one family of measures says so.")
    assert told(strand, "people", "fr")[-1] == ("Ce qui empêche de conclure : une seule famille de mesures l’indique.")


def test_uneven_silences_are_said_to_be_no_steadier_than_chance():
    strand = {**STRAND, "p_regularity": 0.41, "gap_median_s": 150.0}
    said = "The silences between lookups are not steadier than chance: median 2.5 min; p = 0.41."
    assert told(strand, "people", "en")[1] == said


def test_french_marks_are_kept_to_their_words_by_narrow_spaces():
    spaced = "«\u202fOui\u202f»\u00a0: 3\u202f%\u202f; non\u202f?"
    assert reasons.phrase(("« Oui » : 3 % ; non ?", ""), "fr") == spaced


@pytest.mark.parametrize(("count", "shown"), [(0, "0"), (1, SMALL), (10, SMALL), (11, "11"), (1234, f"1{THIN}234")])
def test_counts_from_one_to_ten_are_small_cells(count, shown):
    assert reasons.small_cell(count, "fr") == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0%"),
        (0.0004, f"<{NO_BREAK}0.1%"),
        (0.0123, "1.2%"),
        (0.95, "95%"),
        (0.412, "41%"),
        (0.9996, f">{NO_BREAK}99.9%"),
        (1, "100%"),
    ],
)
def test_a_share_never_rounds_a_part_to_nothing_or_to_everything(value, shown):
    assert reasons.share(value, "en") == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "p < 10⁻¹²"), (2.6e-7, "p = 3 × 10⁻⁷"), (0.0123, "p = 0.012"), (0.5, "p = 0.50")],
)
def test_p_values_keep_to_what_they_can_say(value, shown):
    assert reasons.p_value(value, "en").replace(NO_BREAK, " ") == shown


@pytest.mark.parametrize(
    ("count", "fr", "en"), [(0, "personne", "people"), (1, "personne", "person"), (2, "personnes", "people")]
)
def test_french_counts_nothing_in_the_singular(count, fr, en):
    assert reasons.counted(count, "people", "fr") == f"{count}{NO_BREAK}{fr}"
    assert reasons.counted(count, "people", "en") == f"{count}{NO_BREAK}{en}"


def test_accents_and_other_scripts_stay_as_they_are():
    assert reasons.visible("Évêque 漢字 – 41 %") == "Évêque 漢字 – 41 %"


def test_a_timeline_without_scraping_still_makes_a_page(tmp_path):
    text = page(made_results(tmp_path, timeline=[hour(0, "honest", 3)], strands=[])).text
    assert "Clients judged scraping" in text
    assert "None." in text


def test_a_table_shows_itself_in_a_notebook_with_its_source_and_the_stamp(tmp_path):
    results = made_results(tmp_path)
    shown = tables.exposed(results, "en")._repr_mimebundle_()
    assert shown["text/plain"] == "Who was shown, and how it is known (2)"
    assert "Synthetic data: no real person is concerned." in shown["text/html"]
    assert "Source: exposure.parquet" in shown["text/html"]
    assert tables.exposed(results, "en").rows == [
        ["Viareso", "displayed in full", "the log", "2", "4", "birth_date, civil_status"],
        ["Viareso", "displayed in full", "the register", "1", "2", "birth_date, civil_status"],
    ]


def test_the_perimeter_is_a_table_by_definition(tmp_path):
    rows = tables.perimeter(made_results(tmp_path), "en").rows
    assert rows == [
        ["lines of the register", "118,000"],
        ["people", "101,234"],
        ["people, formers left out", "90,000"],
        ["contracts (cards)", "61,000"],
    ]


def test_the_agreement_of_register_and_log_is_told_where_the_log_counts_records(tmp_path):
    records = {"hits": 24_747, "without_card": 0, "compared": 24_747, "agree": 24_700}
    page = render(made_results(tmp_path, summary={"records": records}), "en")
    assert "displayed in 24,700 of the 24,747 answers" in page


JOINS = {
    "source": "proxy", "kind": "access_log", "lines": 2000, "by_request": 0, "by_time": 1900, "by_session": 60,
    "alone": 40, "unnamed_lookups": 12,
}  # fmt: skip
CLOCK = {
    "operator": "Viareso", "server": "web-2", "reference": "web-1", "skew_s": 90.25, "low_s": 90.1, "high_s": 90.4,
    "measured_at": "2024-01-18T00:00:00", "drift_s_a_day": None, "n_sessions": 4100, "method": "shared_sessions",
}  # fmt: skip


def test_what_joined_partial_logs_is_a_table_and_what_stayed_alone_a_limit_with_its_numbers(tmp_path):
    results = made_results(tmp_path, summary={"joins": [JOINS], "limits": ["lines_alone"]})
    assert several_logs.joins(results, "en").rows == [["proxy", "2,000", "0", "1,900", "60", "40", "12"]]
    assert "Lines of the partial logs, and what joins them" in report.render(results, "en")
    (limit,) = tables.limit_sentences(results, Voice.of(results, "en"))
    assert "40 of 2,000 lines" in limit
    assert "12 lookups name nobody (evidence level C)" in limit


@pytest.mark.parametrize(
    ("clock", "cells"),
    [
        ({}, ["90.25", "90.10 to 90.40", "—", "4,100",
              "declare clock_offset_s = -90.25 for the source of this clock, if it is alone in it"]),
        ({"low_s": -0.1, "skew_s": 0.0, "high_s": 0.1}, ["0.00", "-0.10 to 0.10", "—", "4,100",
              "nothing: the interval holds zero"]),
        ({"low_s": None, "skew_s": None, "high_s": None, "n_sessions": 0}, ["—", "—", "—", "0", "not measurable"]),
    ],
)  # fmt: skip
def test_a_clock_is_shown_with_what_follows_from_it(tmp_path, clock, cells):
    results = made_results(tmp_path, summary={"clocks": [{**CLOCK, **clock}]})
    assert several_logs.clocks(results, "en").rows == [["Viareso", "web-2", "web-1", *cells]]
    assert "Écarts mesurés entre les horloges" in report.render(results, "fr")


def test_one_log_of_one_server_has_nothing_to_join_or_to_compare(tmp_path):
    assert several_logs.log_tables(made_results(tmp_path), "en") == []
