-- Which requests do a proxy's log and the application's audit trail tell of together?
-- reads: clear_lines (admitted lines of all logs), repeated_lines (lines that tell of an event once more),
--        joined_lines (request_id, line_id)
-- grain: one row per request: a line of an access log with the line of an audit trail that is joined to it, or
--        either alone; it bears the access log's place where it has one. What both say is the access log's word.
WITH kept AS (
    SELECT *
    FROM clear_lines
    WHERE NOT EXISTS (SELECT 1 FROM repeated_lines
                      WHERE repeated_lines.source_number = clear_lines.source_number
                        AND repeated_lines.line = clear_lines.line)),
access AS (
    SELECT kept.*, joined_lines.line_id
    FROM kept
    LEFT JOIN joined_lines ON joined_lines.request_id = source_number * $lines_a_source + line
    WHERE kind = 'access_log'),
audit AS (SELECT *, source_number * $lines_a_source + line AS id FROM kept WHERE kind = 'audit_trail')
SELECT coalesce(access.source_number, audit.source_number) AS source_number,
       coalesce(access.line, audit.line) AS line,
       coalesce(access.operator, audit.operator) AS operator,
       coalesce(access.request_ref, audit.request_ref) AS request_ref,
       coalesce(access.server, audit.server) AS server,
       coalesce(access.requested_at, audit.requested_at) AS requested_at,
       coalesce(access.account_id, audit.account_id) AS account_id,
       coalesce(access.session_token, audit.session_token) AS session_token,
       coalesce(access.client_ip, audit.client_ip) AS client_ip,
       coalesce(access.client_port, audit.client_port) AS client_port,
       coalesce(access.user_agent, audit.user_agent) AS user_agent,
       coalesce(access.method, audit.method) AS method,
       CASE WHEN audit.subject_kind <> 'page' AND audit.subject <> ''
            THEN replace(coalesce(access.path, audit.path), audit.subject, '{subject}')
            ELSE coalesce(access.path, audit.path) END AS path,
       CASE WHEN access.is_action_known THEN access.action
            WHEN audit.is_action_known OR access.action IS NULL THEN audit.action
            WHEN audit.action = 'detail' THEN audit.action
            ELSE access.action END AS action,
       coalesce(access.status, audit.status) AS status,
       coalesce(access.response_bytes, audit.response_bytes) AS response_bytes,
       coalesce(access.duration_ms, audit.duration_ms) AS duration_ms,
       coalesce(access.subject_kind, audit.subject_kind) AS subject_kind,
       coalesce(access.subject_message, audit.subject_message) AS subject_message,
       coalesce(access.records_returned, audit.records_returned) AS records_returned,
       coalesce(access.tier, audit.tier) AS tier
FROM access
FULL JOIN audit ON audit.id = access.line_id
