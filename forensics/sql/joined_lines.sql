-- Which lines of an audit trail tell of a request that an access log tells too? Both bear its reference.
-- reads: clear_lines (admitted lines of all logs), repeated_lines (lines that tell of an event once more)
-- grain: one row per line of an audit trail; the request bears the number of the access log's line
WITH kept AS (
    SELECT operator, kind, request_ref, source_number * $lines_a_source + line AS id
    FROM clear_lines
    WHERE request_ref IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM repeated_lines
                      WHERE repeated_lines.source_number = clear_lines.source_number
                        AND repeated_lines.line = clear_lines.line))
SELECT access.id AS request_id, audit.id AS line_id, 'request_ref' AS joined_by
FROM kept AS access
JOIN kept AS audit ON audit.operator = access.operator AND audit.request_ref = access.request_ref
WHERE access.kind = 'access_log' AND audit.kind = 'audit_trail'
ORDER BY request_id, line_id
