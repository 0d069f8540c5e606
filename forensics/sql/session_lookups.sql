-- Which lookup belongs to which session?
-- reads: lookups, request_sessions, session_keys
-- grain: one row per lookup
SELECT lookups.request_id, lookups.operator, lookups.account_id, lookups.requested_at,
       lookups.path, lookups.subject_kind, lookups.subject_key, lookups.records_returned, lookups.is_hit,
       session_keys.session_id, session_keys.strand_id
FROM lookups
JOIN request_sessions ON request_sessions.request_id = lookups.request_id
JOIN session_keys
  ON session_keys.strand_id = request_sessions.strand_id
 AND session_keys.session_no = request_sessions.session_no
