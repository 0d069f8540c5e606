-- Where did a session do the same on two servers, and when was one such request on each, drawn by lot?
-- reads: clock_requests, clock_servers
-- grain: one row per session, action and server beside the reference; counts may be 0, times null
-- Only like is held against like: where logins or files always go to one server, the order of a visit is no skew.
WITH drawn AS (
    SELECT operator, session, action, server, requested_at, drawn,
           count(*) OVER (PARTITION BY session, action, server) AS requests,
           row_number() OVER (PARTITION BY session, action, server ORDER BY drawn, request_id) AS place
    FROM clock_requests)
SELECT pair.operator, pair.server, pair.reference, drawn.session, drawn.action,
       coalesce(max(requests) FILTER (WHERE drawn.server = pair.server), 0) AS requests,
       coalesce(max(requests) FILTER (WHERE drawn.server = pair.reference), 0) AS reference_requests,
       max(requested_at) FILTER (WHERE drawn.server = pair.server) AS requested_at,
       max(requested_at) FILTER (WHERE drawn.server = pair.reference) AS reference_at,
       min(drawn.drawn) AS drawn
FROM drawn
JOIN clock_servers AS pair
  ON pair.operator = drawn.operator
 AND pair.server <> pair.reference
 AND (pair.server = drawn.server OR pair.reference = drawn.server)
WHERE place = 1
GROUP BY pair.operator, pair.server, pair.reference, drawn.session, drawn.action
