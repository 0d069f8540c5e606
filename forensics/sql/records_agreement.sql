-- Do the logged record counts agree with the people whom the register puts on the card that day?
-- reads: session_lookups, verdict_of_session, subjects, register
-- grain: one row; hits of scraping sessions whose answer logs how many records it held
WITH expected AS (
    SELECT session_lookups.request_id, session_lookups.records_returned, count(DISTINCT register.person_key) AS on_card
    FROM session_lookups
    JOIN verdict_of_session ON verdict_of_session.session_id = session_lookups.session_id
    LEFT JOIN subjects
           ON subjects.operator = session_lookups.operator
          AND subjects.subject_kind = session_lookups.subject_kind
          AND subjects.subject_key = session_lookups.subject_key
    LEFT JOIN register
           ON register.operator = subjects.operator
          AND register.card_key = subjects.card_key
          AND (subjects.person_key IS NULL OR register.person_key = subjects.person_key)
          AND (register.covered_from IS NULL
               OR register.covered_from <= CAST(session_lookups.requested_at AS DATE))
    WHERE verdict_of_session.verdict = 'scraping' AND session_lookups.is_hit
    GROUP BY session_lookups.request_id, session_lookups.records_returned)
SELECT count(*) AS hits,
       count(*) FILTER (WHERE on_card = 0) AS without_card,
       count(*) FILTER (WHERE records_returned IS NOT NULL) AS compared,
       count(*) FILTER (WHERE records_returned = on_card) AS agree
FROM expected
