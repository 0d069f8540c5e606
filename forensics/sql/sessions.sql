-- What did each session do?
-- reads: session_keys, strand_keys, session_lookups, asked_people, patients, subjects, register, persons
-- grain: one row per session; n_people counts the people whom the register puts on the cards shown that day
WITH asked AS (
    SELECT session_id,
           count(*) FILTER (WHERE subject_kind <> 'returned')
           + count(DISTINCT request_id) FILTER (WHERE subject_kind = 'returned') AS n_lookups,
           count(*) FILTER (WHERE is_hit AND subject_kind <> 'returned')
           + count(DISTINCT request_id) FILTER (WHERE is_hit AND subject_kind = 'returned') AS n_hits,
           count(DISTINCT subject_key) AS n_subjects
    FROM asked_people
    GROUP BY session_id),
shown AS (
    SELECT session_lookups.session_id, persons.person_id
    FROM session_lookups
    JOIN subjects
      ON subjects.operator = session_lookups.operator
     AND subjects.subject_kind = session_lookups.subject_kind
     AND subjects.subject_key = session_lookups.subject_key
    JOIN register
      ON register.operator = subjects.operator
     AND register.card_key = subjects.card_key
     AND (subjects.person_key IS NULL OR register.person_key = subjects.person_key)
     AND (register.covered_from IS NULL OR register.covered_from <= CAST(session_lookups.requested_at AS DATE))
    JOIN persons ON persons.person_key = register.person_key
    WHERE session_lookups.is_hit
    UNION
    SELECT asked_people.session_id, persons.person_id
    FROM asked_people
    JOIN persons ON persons.person_key = -1 - asked_people.subject_key
    WHERE asked_people.is_hit AND asked_people.subject_kind = 'returned'),
people AS (
    SELECT session_id, count(DISTINCT person_id) AS n_people
    FROM shown
    GROUP BY session_id),
care AS (
    SELECT session_id, count(*) AS n_patients, count(*) FILTER (WHERE is_explained) AS n_explained
    FROM (SELECT DISTINCT asked_people.session_id, patients.subject_key, patients.is_explained
          FROM asked_people
          JOIN patients
            ON patients.strand_id = asked_people.strand_id
           AND patients.subject_kind = asked_people.subject_kind
           AND patients.subject_key = asked_people.subject_key
           AND patients.week = date_trunc('week', asked_people.requested_at)
          WHERE asked_people.is_hit AND patients.is_explained IS NOT NULL) AS seen
    GROUP BY session_id)
SELECT session_keys.session_id, strand_keys.operator, coalesce(strand_keys.account_id, '') AS account_id,
       strand_keys.client_ip, strand_keys.user_agent,
       session_keys.started_at, session_keys.ended_at,
       session_keys.n_requests,
       coalesce(asked.n_lookups, 0) AS n_lookups,
       coalesce(asked.n_hits, 0) AS n_hits,
       coalesce(asked.n_subjects, 0) AS n_subjects,
       coalesce(people.n_people, 0) AS n_people,
       CASE WHEN $care_known THEN care.n_explained / care.n_patients END AS explained_share,
       session_keys.strand_id
FROM session_keys
JOIN strand_keys ON strand_keys.strand_id = session_keys.strand_id
LEFT JOIN asked ON asked.session_id = session_keys.session_id
LEFT JOIN people ON people.session_id = session_keys.session_id
LEFT JOIN care ON care.session_id = session_keys.session_id
ORDER BY session_keys.session_id
