-- How many lines of each log found their counterpart in a log of another kind?
-- reads: clear_lines (admitted lines of all logs), repeated_lines (lines that tell of an event once more)
-- grain: one row per source; a line that shares its request counts there and not by its session
WITH kept AS (
    SELECT *
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
paired AS (
    SELECT kept.source, kept.kind, kept.operator, kept.session_token, requests.request_ref IS NOT NULL AS by_request
    FROM kept
    LEFT JOIN requests ON requests.operator = kept.operator AND requests.request_ref = kept.request_ref),
sessions AS (
    SELECT operator, session_token
    FROM paired
    WHERE session_token IS NOT NULL
    GROUP BY operator, session_token
    HAVING min(kind) <> max(kind) OR bool_or(by_request)),
found AS (
    SELECT paired.source, paired.kind, paired.by_request, sessions.session_token IS NOT NULL AS by_session
    FROM paired
    LEFT JOIN sessions ON sessions.operator = paired.operator AND sessions.session_token = paired.session_token)
SELECT source, kind,
       count(*) AS lines,
       count(*) FILTER (by_request) AS by_request,
       count(*) FILTER (by_session AND NOT by_request) AS by_session,
       count(*) FILTER (NOT by_session AND NOT by_request) AS alone
FROM found
GROUP BY source, kind
ORDER BY source
