-- How many requests did each server log, stretch of time by stretch of time?
-- reads: requests, bin_steps (operator, step_us: microseconds, a whole part of ten minutes)
-- grain: one row per operator, server, source and bin with a request; a bin is [moment, moment + step), and bins are
--        counted from the full hour
SELECT operator, server, source_number, 
       hour + CAST(floor(part * step_us / 60000000) AS INTEGER) * INTERVAL 1 MINUTE
            + CAST(part * step_us % 60000000 AS INTEGER) * INTERVAL 1 MICROSECOND AS moment,
       n, first_at, last_at, first_id, last_id
FROM (SELECT requests.operator, requests.server,
             CAST(floor(requests.request_id / $lines_a_source) AS BIGINT) AS source_number,
             date_trunc('hour', requests.requested_at) AS hour, bin_steps.step_us,
             floor((extract(minute FROM requests.requested_at) * 60000000
                    + extract(microsecond FROM requests.requested_at)) / bin_steps.step_us) AS part,
             count(*) AS n,
             min(requests.requested_at) AS first_at, max(requests.requested_at) AS last_at,
             min(requests.request_id) AS first_id, max(requests.request_id) AS last_id
      FROM requests
      JOIN bin_steps ON bin_steps.operator = requests.operator
      GROUP BY ALL) AS counted
