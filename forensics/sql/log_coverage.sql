-- Which stretches of the log does an independent counter confirm, and where are lines missing?
-- reads: counters, requests
-- grain: one row per operator, server and run of consecutive windows of one kind; then one row per operator
--        for the requests that no window covers
WITH logged AS (
    SELECT counters.operator, counters.server, counters.window_start, counters.window_end,
           counters.requests AS counted, count(requests.request_id) AS kept
    FROM counters
    LEFT JOIN requests
           ON requests.operator = counters.operator
          AND (counters.server IS NULL OR requests.server = counters.server)
          AND requests.requested_at >= counters.window_start
          AND requests.requested_at < counters.window_end
    WHERE counters.requests IS NOT NULL
    GROUP BY counters.operator, counters.server, counters.window_start, counters.window_end, counters.requests),
judged AS (
    SELECT *, CASE WHEN kept = counted THEN 'complete' WHEN kept < counted THEN 'gap' ELSE 'surplus' END AS kind
    FROM logged),
marked AS (
    SELECT *, coalesce(kind <> lag(kind) OVER by_time
                       OR window_start <> lag(window_end) OVER by_time, TRUE) AS begins
    FROM judged
    WINDOW by_time AS (PARTITION BY operator, server ORDER BY window_start)),
numbered AS (
    SELECT *, count(*) FILTER (begins) OVER (PARTITION BY operator, server ORDER BY window_start
                                             ROWS UNBOUNDED PRECEDING) AS run
    FROM marked),
witnessed AS (
    SELECT operator, server, min(window_start) AS "start", max(window_end) AS "end", kind,
           count(*) FILTER (counted > 0) AS windows_checked,
           CASE WHEN sum(counted) > 0 THEN least(sum(kept) / sum(counted), 1.0) END AS share_kept
    FROM numbered
    GROUP BY operator, server, run, kind),
unwitnessed AS (
    SELECT requests.operator, CAST(NULL AS VARCHAR) AS server,
           min(requests.requested_at) AS "start", max(requests.requested_at) AS "end",
           'unwitnessed' AS kind, 0 AS windows_checked, CAST(NULL AS DOUBLE) AS share_kept
    FROM requests
    WHERE NOT EXISTS (SELECT 1 FROM witnessed
                      WHERE witnessed.operator = requests.operator
                        AND (witnessed.server IS NULL OR witnessed.server = requests.server)
                        AND requests.requested_at >= witnessed."start"
                        AND requests.requested_at < witnessed."end")
    GROUP BY requests.operator)
SELECT operator, server, "start", "end", kind,
       CAST(windows_checked AS BIGINT) AS windows_checked, CAST(share_kept AS DOUBLE) AS share_kept
FROM (SELECT * FROM witnessed UNION ALL SELECT * FROM unwitnessed) AS both_kinds
ORDER BY operator, server NULLS FIRST, "start", kind
