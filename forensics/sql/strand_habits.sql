-- After the clean weeks (from $clean_until on; null: always), how broad was each strand's busiest day, how often did its
-- lookups find nobody, and at which hours did its sessions begin that its account kept free in the clean weeks?
-- reads: strand_keys, session_keys, asked_people
-- grain: one row per strand with sessions then; hours are UTC, an hour counts as kept free where no session of the
--        account began within an hour of it in the clean weeks, week-ends apart; n_known_sessions: of the account, then
WITH begun AS (
    SELECT strand_keys.strand_id, strand_keys.operator, strand_keys.account_id,
           extract(hour FROM session_keys.started_at) AS hour,
           extract(isodow FROM session_keys.started_at) >= 6 AS is_weekend,
           coalesce(session_keys.started_at < CAST($clean_until AS TIMESTAMP), FALSE) AS is_clean
    FROM session_keys
    JOIN strand_keys ON strand_keys.strand_id = session_keys.strand_id),
known_hours AS (
    SELECT DISTINCT operator, account_id, (hour + shift + 24) % 24 AS hour, is_weekend
    FROM begun
    CROSS JOIN (SELECT -1 AS shift UNION ALL SELECT 0 AS shift UNION ALL SELECT 1 AS shift) AS shifts
    WHERE is_clean),
known_sessions AS (
    SELECT operator, account_id, count(*) AS n_known_sessions FROM begun WHERE is_clean GROUP BY operator, account_id),
later AS (
    SELECT begun.strand_id, begun.operator, begun.account_id, known_hours.hour IS NOT NULL AS is_known
    FROM begun
    LEFT JOIN known_hours
           ON known_hours.operator = begun.operator AND known_hours.account_id = begun.account_id
          AND known_hours.hour = begun.hour AND known_hours.is_weekend = begun.is_weekend
    WHERE NOT begun.is_clean),
hours AS (
    SELECT strand_id, operator, account_id, count(*) AS n_later_sessions,
           count(*) FILTER (WHERE NOT is_known) AS n_strange_sessions
    FROM later
    GROUP BY strand_id, operator, account_id),
asked AS (
    SELECT strand_id, CAST(requested_at AS DATE) AS day, count(DISTINCT subject_key) AS n_subjects,
           count(*) FILTER (WHERE subject_kind <> 'returned') AS n_asked,
           count(*) FILTER (WHERE subject_kind <> 'returned' AND NOT is_hit) AS n_missed
    FROM asked_people
    WHERE CAST($clean_until AS TIMESTAMP) IS NULL OR requested_at >= CAST($clean_until AS TIMESTAMP)
    GROUP BY strand_id, CAST(requested_at AS DATE)),
days AS (
    SELECT strand_id, max(n_subjects) AS busiest_day,
           CAST(sum(n_asked) AS BIGINT) AS n_asked, CAST(sum(n_missed) AS BIGINT) AS n_missed
    FROM asked
    GROUP BY strand_id)
SELECT hours.strand_id, coalesce(known_sessions.n_known_sessions, 0) AS n_known_sessions,
       hours.n_later_sessions, hours.n_strange_sessions, days.busiest_day, days.n_asked, days.n_missed
FROM hours
LEFT JOIN days ON days.strand_id = hours.strand_id
LEFT JOIN known_sessions
       ON known_sessions.operator = hours.operator AND known_sessions.account_id = hours.account_id
ORDER BY hours.strand_id
