-- Which requests reached the portal? Each event once, with keys in the place of whoever was asked for.
-- reads: clear_requests (admitted lines of all access logs), subject_keys (subject_message, subject_key)
-- grain: one row per request; the same request_ref at one operator is one event, kept at its first line
SELECT clear.source_number * $lines_a_source + clear.line AS request_id,
       clear.request_ref,
       clear.operator,
       clear.server,
       clear.requested_at,
       clear.account_id,
       clear.session_token,
       clear.client_ip,
       clear.client_port,
       clear.user_agent,
       clear.method,
       regexp_replace(
           CASE WHEN clear.subject_kind = 'page' OR clear.subject IS NULL OR clear.subject = '' THEN clear.path
                ELSE replace(clear.path, clear.subject, '{subject}') END,
           '[0-9][0-9AB .-]{11,}[0-9]', '{number}', 'g') AS path,
       clear.action,
       clear.status,
       clear.response_bytes,
       clear.duration_ms,
       clear.subject_kind,
       subject_keys.subject_key,
       clear.records_returned
FROM clear_requests AS clear
LEFT JOIN subject_keys ON subject_keys.subject_message = clear.subject_message
QUALIFY clear.request_ref IS NULL
        OR row_number() OVER (PARTITION BY clear.operator, clear.request_ref
                              ORDER BY clear.source_number, clear.line) = 1
ORDER BY operator, requested_at, request_id
