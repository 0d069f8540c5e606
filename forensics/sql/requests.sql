-- Which requests reached the portal? Each event once, with keys in the place of whoever was asked for.
-- reads: clear_requests (admitted lines of all logs, one row a request), subject_keys (subject_message, subject_key),
--        repeated_lines (source_number, line: lines that tell of an event once more)
-- grain: one row per request
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
       clear.path,
       clear.action,
       clear.status,
       clear.response_bytes,
       clear.duration_ms,
       clear.subject_kind,
       subject_keys.subject_key,
       clear.records_returned
FROM clear_requests AS clear
LEFT JOIN subject_keys ON subject_keys.subject_message = clear.subject_message
WHERE NOT EXISTS (SELECT 1 FROM repeated_lines
                  WHERE repeated_lines.source_number = clear.source_number
                    AND repeated_lines.line = clear.line)
ORDER BY operator, requested_at, request_id
