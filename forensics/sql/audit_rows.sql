-- What does the log say of the answers to be labelled, and of the session around each?
-- reads: chosen (request_id, session_id), asked_people, requests, sessions
-- grain: one row per chosen answer; nothing in it tells the verdict
--   what: a lookup asked for someone; a list asked for nobody, and its answer named people
--   address_known_for_days: since the account first used this address in the log; null without account or address
WITH answers AS (
    SELECT request_id, session_id, requested_at, max(subject_kind) = 'returned' AS is_list
    FROM asked_people
    WHERE session_id IN (SELECT session_id FROM chosen)
    GROUP BY request_id, session_id, requested_at),
around AS (
    SELECT request_id, session_id, is_list,
           requested_at - lag(requested_at) OVER in_session AS since,
           lead(requested_at) OVER in_session - requested_at AS until_next
    FROM answers
    WINDOW in_session AS (PARTITION BY session_id ORDER BY requested_at, request_id)),
addresses AS (
    SELECT operator, account_id, client_ip, min(requested_at) AS first_at
    FROM requests
    WHERE account_id IN (SELECT account_id FROM requests WHERE request_id IN (SELECT request_id FROM chosen))
    GROUP BY operator, account_id, client_ip)
SELECT requests.request_id, CASE WHEN around.is_list THEN 'list' ELSE 'lookup' END AS what,
       requests.operator, requests.requested_at, requests.account_id, requests.client_ip,
       requests.user_agent, requests.method, requests.path, requests.status, requests.records_returned,
       round(CAST(extract(epoch FROM around.since) AS DOUBLE), 3) AS seconds_since_the_last_lookup,
       round(CAST(extract(epoch FROM around.until_next) AS DOUBLE), 3) AS seconds_to_the_next_lookup,
       sessions.started_at AS session_started_at, sessions.ended_at AS session_ended_at,
       sessions.n_lookups AS session_lookups, sessions.n_subjects AS session_subjects,
       round(sessions.explained_share, 3) AS session_explained_share,
       CAST(floor(extract(epoch FROM requests.requested_at - addresses.first_at) / 86400) AS BIGINT)
       AS address_known_for_days
FROM chosen
JOIN requests ON requests.request_id = chosen.request_id
JOIN around ON around.request_id = chosen.request_id
JOIN sessions ON sessions.session_id = chosen.session_id
LEFT JOIN addresses
       ON addresses.operator = requests.operator
      AND addresses.account_id = requests.account_id
      AND addresses.client_ip = requests.client_ip
ORDER BY requests.request_id
