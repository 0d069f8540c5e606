-- What did each strand do, over all its sessions?
-- reads: strand_keys, session_keys, asked_people, accounts
-- grain: one row per strand
WITH asked AS (
    SELECT strand_id, count(*) FILTER (WHERE subject_kind <> 'returned')
                      + count(DISTINCT request_id) FILTER (WHERE subject_kind = 'returned') AS n_lookups,
           count(DISTINCT subject_key) AS n_subjects
    FROM asked_people
    GROUP BY strand_id),
seen AS (
    SELECT strand_id, min(started_at) AS first_seen_at, max(ended_at) AS last_seen_at, count(*) AS n_sessions
    FROM session_keys
    GROUP BY strand_id)
SELECT strand_keys.strand_id, strand_keys.operator, coalesce(strand_keys.account_id, '') AS account_id,
       strand_keys.client_ip, strand_keys.user_agent, accounts.profession,
       seen.first_seen_at, seen.last_seen_at, seen.n_sessions,
       coalesce(asked.n_lookups, 0) AS n_lookups,
       coalesce(asked.n_subjects, 0) AS n_subjects
FROM strand_keys
JOIN seen ON seen.strand_id = strand_keys.strand_id
LEFT JOIN asked ON asked.strand_id = strand_keys.strand_id
LEFT JOIN accounts ON accounts.operator = strand_keys.operator AND accounts.account_id = strand_keys.account_id
ORDER BY strand_keys.strand_id
