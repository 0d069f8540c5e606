-- Which stretches of the log does an independent counter confirm, and where are lines missing?
-- reads: counters, log_bins (every window is a whole number of its bins), outages (operator, server, start, end:
--        declared by the investigator)
-- grain: one row per operator, server and run of consecutive windows of one kind; one row per declared outage, which
--        is a gap whatever counters say; one row per operator for the requests that no window covers
-- The requests of a window are counted by walking through time once: so many had come before its end, less so
-- many before its start. A counter without a server counts all requests of its operator.
WITH windows AS (
    SELECT DISTINCT operator, server, window_start, window_end, requests AS counted
    FROM counters
    WHERE requests IS NOT NULL),
moments AS (
    SELECT operator, server, window_start AS moment, 0 AS requests FROM windows
    UNION
    SELECT operator, server, window_end AS moment, 0 AS requests FROM windows
    UNION ALL
    SELECT operator, server, moment, n AS requests FROM log_bins WHERE server IS NOT NULL
    UNION ALL
    SELECT operator, CAST(NULL AS VARCHAR) AS server, moment, n AS requests FROM log_bins
    WHERE operator IN (SELECT operator FROM windows WHERE server IS NULL)),
walked AS (
    SELECT operator, server, moment, requests,
           sum(requests) OVER (PARTITION BY operator, server ORDER BY moment, requests
                               ROWS UNBOUNDED PRECEDING) AS so_far
    FROM moments),
edges AS (
    SELECT operator, server, moment, so_far FROM walked WHERE requests = 0),
judged AS (
    SELECT windows.operator, windows.server, windows.window_start, windows.window_end, windows.counted,
           until_end.so_far - until_start.so_far AS kept,
           CASE WHEN until_end.so_far - until_start.so_far = windows.counted THEN 'complete'
                WHEN until_end.so_far - until_start.so_far < windows.counted THEN 'gap'
                ELSE 'surplus' END AS kind
    FROM windows
    JOIN edges AS until_start
      ON until_start.operator = windows.operator
     AND until_start.server IS NOT DISTINCT FROM windows.server
     AND until_start.moment = windows.window_start
    JOIN edges AS until_end
      ON until_end.operator = windows.operator
     AND until_end.server IS NOT DISTINCT FROM windows.server
     AND until_end.moment = windows.window_end),
marked AS (
    SELECT *, coalesce(kind <> lag(kind) OVER by_time
                       OR window_start <> lag(window_end) OVER by_time, TRUE) AS begins
    FROM judged
    WINDOW by_time AS (PARTITION BY operator, server ORDER BY window_start, window_end, counted)),
numbered AS (
    SELECT *, count(*) FILTER (begins) OVER (PARTITION BY operator, server
                                             ORDER BY window_start, window_end, counted
                                             ROWS UNBOUNDED PRECEDING) AS run
    FROM marked),
witnessed AS (
    SELECT operator, server, min(window_start) AS "start", max(window_end) AS "end", kind,
           count(*) FILTER (counted > 0) AS windows_checked, sum(kept) AS kept, sum(counted) AS counted
    FROM numbered
    GROUP BY operator, server, run, kind),
unwitnessed AS (
    SELECT log_bins.operator, CAST(NULL AS VARCHAR) AS server,
           min(log_bins.first_at) AS "start", max(log_bins.last_at) AS "end",
           'unwitnessed' AS kind, 0 AS windows_checked, NULL AS kept, NULL AS counted
    FROM log_bins
    WHERE NOT EXISTS (SELECT 1 FROM witnessed
                      WHERE witnessed.operator = log_bins.operator
                        AND witnessed.server = log_bins.server
                        AND log_bins.moment >= witnessed."start"
                        AND log_bins.moment < witnessed."end")
      AND NOT EXISTS (SELECT 1 FROM witnessed
                      WHERE witnessed.operator = log_bins.operator
                        AND witnessed.server IS NULL
                        AND log_bins.moment >= witnessed."start"
                        AND log_bins.moment < witnessed."end")
    GROUP BY log_bins.operator)
SELECT operator, server, "start", "end", kind, CAST(windows_checked AS BIGINT) AS windows_checked,
       CAST(kept AS BIGINT) AS kept, CAST(counted AS BIGINT) AS counted
FROM (SELECT * FROM witnessed
      UNION ALL
      SELECT * FROM unwitnessed
      UNION ALL
      SELECT operator, server, "start", "end", 'gap', 0, NULL, NULL FROM outages) AS every_kind
ORDER BY operator, server NULLS FIRST, "start", kind, "end"
