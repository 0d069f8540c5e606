-- Whom did answers name, in which session?
-- reads: returned_people, requests, request_sessions, session_keys
-- grain: one row per request and person's key; is_hit as of a lookup: answered in full, and not to a HEAD
SELECT requests.request_id, requests.operator, requests.account_id, requests.requested_at, requests.path,
       returned_people.person_key, returned_people.tier,
       (requests.status IS NULL OR requests.status = 200)
       AND (requests.response_bytes IS NULL OR requests.response_bytes > 0)
       AND (requests.records_returned IS NULL OR requests.records_returned > 0)
       AND (requests.method IS NULL OR requests.method <> 'HEAD') AS is_hit,
       session_keys.session_id, session_keys.strand_id
FROM returned_people
JOIN requests ON requests.request_id = returned_people.request_id
JOIN request_sessions ON request_sessions.request_id = requests.request_id
JOIN session_keys
  ON session_keys.strand_id = request_sessions.strand_id
 AND session_keys.session_no = request_sessions.session_no
WHERE returned_people.person_key IS NOT NULL
