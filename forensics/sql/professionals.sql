-- Whose own data, of professionals, did scraping sessions display?
-- reads: requests, request_sessions, session_keys, verdict_of_session,
--        own_data_paths (operator, path, screen, valid_from, valid_until)
-- grain: one row per operator, account and screen
SELECT requests.operator, requests.account_id, own_data_paths.screen,
       min(requests.requested_at) AS first_seen_at,
       min_by(requests.request_id, (requests.requested_at, requests.request_id)) AS first_request_id
FROM requests
JOIN own_data_paths
  ON own_data_paths.operator = requests.operator
 AND own_data_paths.path = requests.path
 AND requests.requested_at >= own_data_paths.valid_from
 AND requests.requested_at < own_data_paths.valid_until
JOIN request_sessions ON request_sessions.request_id = requests.request_id
JOIN session_keys
  ON session_keys.strand_id = request_sessions.strand_id AND session_keys.session_no = request_sessions.session_no
JOIN verdict_of_session ON verdict_of_session.session_id = session_keys.session_id
WHERE verdict_of_session.verdict = 'scraping'
  AND requests.account_id IS NOT NULL
  AND (requests.status IS NULL OR requests.status BETWEEN 200 AND 299)
  AND (requests.method IS NULL OR requests.method <> 'HEAD')
GROUP BY requests.operator, requests.account_id, own_data_paths.screen
ORDER BY requests.operator, requests.account_id, own_data_paths.screen
