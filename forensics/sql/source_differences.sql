-- By how much does one log write a request after another log does? From requests that both bear a reference of.
-- reads: joined_lines (request_id, line_id, joined_by), clear_lines (admitted lines of all logs)
-- grain: one row per request drawn by lot: about $sampled in all
WITH counted AS (
    SELECT count(*) AS lines FROM joined_lines WHERE joined_by = 'request_ref'),
drawn AS (
    SELECT request_id, line_id
    FROM joined_lines
    JOIN counted ON (line_id % 2147483647) * 16807 % 2147483647 <= 2147483647.0 * $sampled / lines
    WHERE joined_by = 'request_ref')
SELECT audit.operator, audit.source AS server, access.source AS reference,
       audit.requested_at, access.requested_at AS reference_at
FROM drawn
JOIN clear_lines AS access ON access.source_number * $lines_a_source + access.line = drawn.request_id
JOIN clear_lines AS audit ON audit.source_number * $lines_a_source + audit.line = drawn.line_id
ORDER BY operator, server, reference, reference_at, requested_at
