-- Which requests were made in no session that is accused or unclear, and which were planted beside them?
-- reads: logged_requests, request_sessions (request_id, session_id), judged (session_id, verdict), planted
-- grain: one row per request, as the table of requests
WITH flagged AS (
    SELECT request_sessions.request_id
    FROM request_sessions
    JOIN judged ON judged.session_id = request_sessions.session_id
    WHERE judged.verdict <> 'honest')
SELECT logged_requests.*
FROM logged_requests
LEFT JOIN flagged ON flagged.request_id = logged_requests.request_id
WHERE flagged.request_id IS NULL
UNION ALL
SELECT * FROM planted
