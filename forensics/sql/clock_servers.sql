-- Which operators' requests were dealt to several servers, and to which of them most?
-- reads: requests
-- grain: one row per operator and server of several; the reference is the server with most requests
WITH counted AS (
    SELECT operator, server, count(*) AS requests
    FROM requests
    WHERE server IS NOT NULL
    GROUP BY operator, server),
ranked AS (
    SELECT operator, server,
           first_value(server) OVER (PARTITION BY operator ORDER BY requests DESC, server) AS reference,
           count(*) OVER (PARTITION BY operator) AS servers,
           sum(requests) OVER (PARTITION BY operator) AS requests_of_operator
    FROM counted)
SELECT operator, server, reference, CAST(requests_of_operator AS BIGINT) AS requests_of_operator
FROM ranked
WHERE servers > 1
ORDER BY operator, server
