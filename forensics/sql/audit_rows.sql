-- What does the log say of the lookups to be labelled, and of the session around each?
-- reads: chosen (request_id, session_id), session_lookups, requests, sessions
-- grain: one row per chosen lookup; nothing in it tells the verdict
WITH around AS (
    SELECT session_lookups.request_id, session_lookups.session_id,
           session_lookups.requested_at - lag(session_lookups.requested_at) OVER in_session AS since,
           lead(session_lookups.requested_at) OVER in_session - session_lookups.requested_at AS until_next
    FROM session_lookups
    WHERE session_lookups.session_id IN (SELECT session_id FROM chosen)
    WINDOW in_session AS (PARTITION BY session_lookups.session_id
                          ORDER BY session_lookups.requested_at, session_lookups.request_id))
SELECT requests.request_id, requests.operator, requests.requested_at, requests.account_id, requests.client_ip,
       requests.user_agent, requests.method, requests.path, requests.status, requests.records_returned,
       round(CAST(extract(epoch FROM around.since) AS DOUBLE), 3) AS seconds_since_the_last_lookup,
       round(CAST(extract(epoch FROM around.until_next) AS DOUBLE), 3) AS seconds_to_the_next_lookup,
       sessions.started_at AS session_started_at, sessions.ended_at AS session_ended_at,
       sessions.n_lookups AS session_lookups, sessions.n_subjects AS session_subjects
FROM chosen
JOIN requests ON requests.request_id = chosen.request_id
JOIN around ON around.request_id = chosen.request_id
JOIN sessions ON sessions.session_id = chosen.session_id
ORDER BY requests.request_id
