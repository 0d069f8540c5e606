-- Whom did which answer show, as far as labels can or must speak of it?
-- reads: asked_people, session_returned, patients, askable, register, persons, strata (strand_id, stratum)
-- grain: one row per answer, person and insurer; a lookup whose card the register does not have is one row, of nobody
--   is_drawable: what labels are drawn from, a full answer that care does not explain; of clients judged honest only
--                outside the clean weeks (before $clean_until; null where there are none)
--   the rest of what suspected clients asked for is here too: no label speaks of it
WITH asked AS (
    SELECT asked_people.request_id, asked_people.session_id, asked_people.operator, strata.stratum,
           asked_people.subject_kind, asked_people.subject_key,
           asked_people.is_hit AND patients.subject_key IS NULL
           AND (strata.stratum NOT IN ('honest', 'honest_doubtful')
                OR CAST($clean_until AS TIMESTAMP) IS NULL
                OR asked_people.requested_at >= CAST($clean_until AS TIMESTAMP)) AS is_drawable
    FROM asked_people
    JOIN strata ON strata.strand_id = asked_people.strand_id
    LEFT JOIN patients
           ON patients.strand_id = asked_people.strand_id
          AND patients.subject_kind = asked_people.subject_kind
          AND patients.subject_key = asked_people.subject_key
          AND patients.week = date_trunc('week', asked_people.requested_at)
          AND patients.is_explained),
counted AS (
    SELECT * FROM asked
    WHERE is_drawable OR stratum NOT IN ('honest', 'honest_doubtful')),
units AS (
    SELECT counted.request_id, counted.session_id, counted.operator, counted.stratum, counted.is_drawable,
           coalesce(register.insurer_id, '') AS insurer_id, coalesce(persons.person_id, -1) AS person_id
    FROM counted
    LEFT JOIN askable
           ON askable.operator = counted.operator
          AND askable.subject_kind = counted.subject_kind
          AND askable.subject_key = counted.subject_key
    LEFT JOIN register
           ON register.operator = askable.operator
          AND register.card_key = askable.card_key
          AND (askable.person_key IS NULL OR register.person_key = askable.person_key)
    LEFT JOIN persons ON persons.person_key = register.person_key
    UNION ALL
    SELECT counted.request_id, counted.session_id, counted.operator, counted.stratum, counted.is_drawable,
           coalesce(register.insurer_id, '') AS insurer_id, persons.person_id
    FROM counted
    JOIN session_returned ON session_returned.request_id = counted.request_id
    JOIN register
      ON register.operator = session_returned.operator
     AND register.person_key = session_returned.person_key
    JOIN persons ON persons.person_key = register.person_key
    WHERE counted.subject_kind <> 'returned')
SELECT request_id, session_id, operator, stratum, insurer_id, person_id, bool_or(is_drawable) AS is_drawable
FROM units
GROUP BY request_id, session_id, operator, stratum, insurer_id, person_id
