-- Which lines tell of an event that an earlier line already told?
-- reads: clear_requests (admitted lines of all access logs)
-- grain: one row per line left out
SELECT source, line, byte_offset,
       'same request_ref as line ' || first_line || ' of ' || first_source AS reason
FROM (SELECT source, source_number, line, byte_offset,
             row_number() OVER by_event AS occurrence,
             first_value(line) OVER by_event AS first_line,
             first_value(source) OVER by_event AS first_source
      FROM clear_requests
      WHERE request_ref IS NOT NULL
      WINDOW by_event AS (PARTITION BY operator, request_ref ORDER BY source_number, line)) AS numbered
WHERE occurrence > 1
ORDER BY source, line
