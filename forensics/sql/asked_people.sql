-- Whom did each session ask for, or get named by answers to requests that ask for nobody, as pages of a list do?
-- reads: session_lookups, session_returned
-- grain: one row per lookup, and one per answer and person named by it where nobody was asked for: these are of the
--        kind 'returned', and numbered below 0 (-1 - person_key), so that no other subject has their number
SELECT request_id, operator, account_id, requested_at, subject_kind, subject_key, is_hit, session_id, strand_id
FROM session_lookups
UNION ALL
SELECT session_returned.request_id, session_returned.operator, session_returned.account_id,
       session_returned.requested_at, 'returned' AS subject_kind, -1 - session_returned.person_key AS subject_key,
       session_returned.is_hit, session_returned.session_id, session_returned.strand_id
FROM session_returned
LEFT JOIN lookups ON lookups.request_id = session_returned.request_id
WHERE lookups.request_id IS NULL
