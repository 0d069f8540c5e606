-- Which lines of access logs and audit trails share no reference, and what do they say was done?
-- reads: clear_lines (admitted lines of all logs), repeated_lines (lines that tell of an event once more), joined_lines
-- grain: one row per line, files and lines that tell of an event once more left out
-- Two lines can only be one request where `done` agrees: the action, or the path where one of the logs tells no action,
-- and the status, each where both logs tell it.
WITH told AS (
    SELECT operator,
           count(DISTINCT CASE WHEN is_action_known THEN kind END) = 2 AS actions,
           count(DISTINCT CASE WHEN path IS NOT NULL THEN kind END) = 2 AS paths,
           count(DISTINCT CASE WHEN status IS NOT NULL THEN kind END) = 2 AS statuses
    FROM clear_lines
    WHERE kind IN ('access_log', 'audit_trail')
    GROUP BY operator),
kept AS (
    SELECT *, source_number * $lines_a_source + line AS id
    FROM clear_lines
    WHERE kind IN ('access_log', 'audit_trail') AND action <> 'static'
      AND NOT EXISTS (SELECT 1 FROM repeated_lines
                      WHERE repeated_lines.source_number = clear_lines.source_number
                        AND repeated_lines.line = clear_lines.line))
SELECT kept.id, kept.kind, kept.operator, kept.source, kept.server, kept.requested_at,
       CAST(round(extract(epoch FROM kept.requested_at) * 1000000) AS BIGINT) AS at_us,
       kept.session_token, kept.account_id, kept.client_ip, kept.user_agent,
       CASE WHEN actions THEN CASE WHEN is_action_known THEN kept.action ELSE '?' END
            WHEN paths THEN coalesce(kept.path, '?')
            ELSE '' END
       || CASE WHEN statuses THEN ' ' || coalesce(CAST(kept.status AS VARCHAR), '?') ELSE '' END AS done
FROM kept
JOIN told ON told.operator = kept.operator
LEFT JOIN joined_lines AS as_request ON as_request.request_id = kept.id
LEFT JOIN joined_lines AS as_line ON as_line.line_id = kept.id
WHERE as_request.request_id IS NULL AND as_line.line_id IS NULL
