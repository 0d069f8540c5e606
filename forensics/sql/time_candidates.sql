-- Which line of an audit trail comes when it should, were it the request of a line of an access log?
-- reads: keyed_lines, measured_clocks (operator, access_source, server, audit_source, offset_us, drift, middle_us,
--        low_us, high_us: when the audit trail writes what the access log has written, and how far from that)
-- grain: one row per pair of lines of one sender and one thing done; the lower its place the nearer in time
-- Where both lines tell a session, an account or an address, they must tell the same. A line is refused with all its
-- candidates where these are several senders': nearest in time would be a guess.
WITH expected AS (
    SELECT access.*, clock.audit_source, clock.low_us, clock.high_us,
           at_us + offset_us + CAST(round(drift * (at_us - middle_us)) AS BIGINT) AS expected_us
    FROM keyed_lines AS access
    JOIN measured_clocks AS clock
      ON clock.operator = access.operator
     AND clock.access_source = access.source
     AND clock.server IS NOT DISTINCT FROM access.server
    WHERE access.kind = 'access_log'),
near AS (
    SELECT *, CAST(floor(expected_us / $reach_us) AS BIGINT) AS stretch FROM expected),
audit AS (
    SELECT *, CAST(floor(at_us / $reach_us) AS BIGINT) AS own_stretch FROM keyed_lines WHERE kind = 'audit_trail'),
reached AS (
    SELECT *, own_stretch - 1 AS stretch FROM audit
    UNION ALL
    SELECT *, own_stretch AS stretch FROM audit
    UNION ALL
    SELECT *, own_stretch + 1 AS stretch FROM audit),
pairs AS (
    SELECT near.id AS request_id, reached.id AS line_id,
           abs(reached.at_us - near.expected_us) AS distance_us,
           near.at_us AS access_us, reached.at_us AS audit_us,
           coalesce(near.session_token, '') || ' ' || coalesce(near.client_ip, '') || ' '
           || coalesce(near.account_id, '') || ' ' || coalesce(near.user_agent, '') AS access_sender,
           coalesce(reached.session_token, '') || ' ' || coalesce(reached.client_ip, '') || ' '
           || coalesce(reached.account_id, '') AS audit_sender
    FROM near
    JOIN reached
      ON reached.operator = near.operator
     AND reached.source = near.audit_source
     AND reached.sender = near.sender
     AND reached.done = near.done
     AND reached.stretch = near.stretch
    WHERE reached.at_us - near.expected_us BETWEEN near.low_us AND near.high_us
      AND (reached.session_token IS NULL OR near.session_token IS NULL OR reached.session_token = near.session_token)
      AND (reached.account_id IS NULL OR near.account_id IS NULL OR reached.account_id = near.account_id)
      AND ($basis = 'session'
           OR reached.client_ip IS NULL OR near.client_ip IS NULL OR reached.client_ip = near.client_ip)),
judged AS (
    SELECT *,
           min(access_sender) OVER (PARTITION BY line_id) <> max(access_sender) OVER (PARTITION BY line_id)
           OR min(audit_sender) OVER (PARTITION BY request_id) <> max(audit_sender) OVER (PARTITION BY request_id)
           AS is_ambiguous
    FROM pairs),
marked AS (
    SELECT *,
           bool_or(is_ambiguous) OVER (PARTITION BY line_id) AS is_line_ambiguous,
           bool_or(is_ambiguous) OVER (PARTITION BY request_id) AS is_request_ambiguous
    FROM judged)
SELECT request_id, line_id,
       row_number() OVER (ORDER BY distance_us, access_us, request_id, audit_us, line_id) AS place
FROM marked
WHERE NOT is_line_ambiguous AND NOT is_request_ambiguous
