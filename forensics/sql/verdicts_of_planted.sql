-- What was each planted request's client judged?
-- reads: planted (request_id), request_sessions, verdicts (strand_id, verdict)
-- grain: one row per planted request
SELECT planted.request_id, request_sessions.strand_id, verdicts.verdict
FROM planted
JOIN request_sessions ON request_sessions.request_id = planted.request_id
JOIN verdicts ON verdicts.strand_id = request_sessions.strand_id
ORDER BY planted.request_id
