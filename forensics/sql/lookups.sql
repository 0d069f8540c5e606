-- Which requests asked for a person, and which of them returned someone?
-- reads: requests
-- grain: one row per lookup; is_hit means answered in full: 200 with a body, no HEAD, and it did not say "nobody"
SELECT request_id, operator, requested_at, account_id, client_ip, user_agent, path,
       subject_kind, subject_key, records_returned,
       (status IS NULL OR status = 200)
       AND (response_bytes IS NULL OR response_bytes > 0)
       AND (records_returned IS NULL OR records_returned > 0)
       AND (method IS NULL OR method <> 'HEAD') AS is_hit
FROM requests
WHERE subject_key IS NOT NULL AND action NOT IN ('static', 'login')
