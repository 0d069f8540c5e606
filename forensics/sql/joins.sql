-- How many lines of each log found their counterpart in a log of another kind, and how many name nobody they show?
-- reads: clear_lines (admitted lines of all logs), repeated_lines (lines that tell of an event once more),
--        joined_lines (request_id, line_id, joined_by)
-- grain: one row per source; a line counts once: by its request, else by time, else by its session, else alone.
--        unnamed_lookups are lines without a counterpart whose action shows somebody and that do not say whom: level C
WITH kept AS (
    SELECT *, source_number * $lines_a_source + line AS id
    FROM clear_lines
    WHERE NOT EXISTS (SELECT 1 FROM repeated_lines
                      WHERE repeated_lines.source_number = clear_lines.source_number
                        AND repeated_lines.line = clear_lines.line)),
requests AS (
    SELECT operator, request_ref
    FROM kept
    WHERE request_ref IS NOT NULL
    GROUP BY operator, request_ref
    HAVING min(kind) <> max(kind)),
timed AS (
    SELECT request_id AS id FROM joined_lines WHERE joined_by <> 'request_ref'
    UNION
    SELECT line_id AS id FROM joined_lines WHERE joined_by <> 'request_ref'),
paired AS (
    SELECT kept.source, kept.kind, kept.operator, kept.session_token,
           requests.request_ref IS NOT NULL AS by_request,
           timed.id IS NOT NULL AS by_time,
           kept.kind <> 'authentication' AND kept.action IN ('search', 'detail', 'rights')
           AND kept.subject_message IS NULL
           AND (kept.status IS NULL OR kept.status = 200) AS is_unnamed
    FROM kept
    LEFT JOIN requests ON requests.operator = kept.operator AND requests.request_ref = kept.request_ref
    LEFT JOIN timed ON timed.id = kept.id),
sessions AS (
    SELECT operator, session_token
    FROM paired
    WHERE session_token IS NOT NULL
    GROUP BY operator, session_token
    HAVING min(kind) <> max(kind) OR bool_or(by_request) OR bool_or(by_time)),
found AS (
    SELECT paired.*, sessions.session_token IS NOT NULL AS by_session
    FROM paired
    LEFT JOIN sessions ON sessions.operator = paired.operator AND sessions.session_token = paired.session_token)
SELECT source, kind,
       count(*) AS lines,
       count(*) FILTER (WHERE by_request) AS by_request,
       count(*) FILTER (WHERE by_time AND NOT by_request) AS by_time,
       count(*) FILTER (WHERE by_session AND NOT by_request AND NOT by_time) AS by_session,
       count(*) FILTER (WHERE NOT by_session AND NOT by_request AND NOT by_time) AS alone,
       count(*) FILTER (WHERE is_unnamed AND NOT by_request AND NOT by_time) AS unnamed_lookups
FROM found
GROUP BY source, kind
ORDER BY source
