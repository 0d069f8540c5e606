-- Which requests of a strand follow the same session token of the portal?
-- reads: requests, strand_keys
-- grain: one row per request; lane_no numbers the tokens of a strand from 1 as text sorts, 0 where none is near
-- A request without a token goes with the last one before it, else the next one after it, as long as the strand is
-- never silent for longer than $gap_minutes between them. At one moment tokens are taken in their order as text, and
-- requests without one come last, so that neither rows nor their numbers decide.
WITH of_strand AS (
    SELECT requests.request_id, requests.requested_at, requests.session_token, strand_keys.strand_id
    FROM requests
    JOIN strand_keys
      ON strand_keys.operator = requests.operator
     AND strand_keys.account_id IS NOT DISTINCT FROM requests.account_id
     AND strand_keys.client_ip IS NOT DISTINCT FROM requests.client_ip
     AND strand_keys.user_agent IS NOT DISTINCT FROM requests.user_agent),
marked AS (
    SELECT *, requested_at - lag(requested_at) OVER by_strand AS silence
    FROM of_strand
    WINDOW by_strand AS (PARTITION BY strand_id ORDER BY requested_at, session_token NULLS LAST, request_id)),
stretched AS (
    SELECT *, count(*) FILTER (WHERE silence > $gap_minutes * INTERVAL 1 MINUTE) OVER so_far AS stretch
    FROM marked
    WINDOW so_far AS (PARTITION BY strand_id ORDER BY requested_at, session_token NULLS LAST, request_id
                      ROWS UNBOUNDED PRECEDING)),
following AS (
    SELECT *, greatest(count(session_token) OVER so_far, 1) AS token_no
    FROM stretched
    WINDOW so_far AS (PARTITION BY strand_id, stretch ORDER BY requested_at, session_token NULLS LAST, request_id
                      ROWS UNBOUNDED PRECEDING)),
filled AS (
    SELECT request_id, requested_at, strand_id,
           max(session_token) OVER (PARTITION BY strand_id, stretch, token_no) AS token
    FROM following)
SELECT request_id, requested_at, strand_id,
       CASE WHEN token IS NULL THEN 0
            ELSE dense_rank() OVER (PARTITION BY strand_id, token IS NULL ORDER BY token) END AS lane_no
FROM filled
