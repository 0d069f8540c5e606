-- Which requests belong together? One session per strand until it falls silent for longer than $gap_minutes.
-- reads: requests, strand_keys
-- grain: one row per request; session_no counts from 1 within a strand
WITH of_strand AS (
    SELECT requests.request_id, requests.request_ref, requests.requested_at, strand_keys.strand_id
    FROM requests
    JOIN strand_keys
      ON strand_keys.operator = requests.operator
     AND strand_keys.account_id IS NOT DISTINCT FROM requests.account_id
     AND strand_keys.client_ip IS NOT DISTINCT FROM requests.client_ip
     AND strand_keys.user_agent IS NOT DISTINCT FROM requests.user_agent),
marked AS (
    SELECT *, requested_at - lag(requested_at) OVER by_strand AS silence
    FROM of_strand
    WINDOW by_strand AS (PARTITION BY strand_id ORDER BY requested_at, request_id))
SELECT request_id, request_ref, requested_at, strand_id,
       count(*) FILTER (WHERE silence IS NULL OR silence > $gap_minutes * INTERVAL 1 MINUTE) OVER so_far AS session_no
FROM marked
WINDOW so_far AS (PARTITION BY strand_id ORDER BY requested_at, request_id ROWS UNBOUNDED PRECEDING)
