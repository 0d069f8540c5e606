-- Which lines tell of an event that an earlier line already told?
-- reads: clear_lines (admitted lines of all logs); a proxy's line and an application's are no duplicates of each other
-- grain: one row per line left out
WITH repeated AS (
    SELECT kind, operator, request_ref
    FROM clear_lines
    WHERE request_ref IS NOT NULL
    GROUP BY kind, operator, request_ref
    HAVING count(*) > 1),
numbered AS (
    SELECT clear.source, clear.source_number, clear.line, clear.byte_offset,
           row_number() OVER by_event AS occurrence,
           first_value(clear.line) OVER by_event AS first_line,
           first_value(clear.source) OVER by_event AS first_source
    FROM clear_lines AS clear
    JOIN repeated
      ON repeated.kind = clear.kind
     AND repeated.operator = clear.operator
     AND repeated.request_ref = clear.request_ref
    WINDOW by_event AS (PARTITION BY clear.kind, clear.operator, clear.request_ref
                        ORDER BY clear.source_number, clear.line))
SELECT source, source_number, line, byte_offset,
       'same request_ref as line ' || first_line || ' of ' || first_source AS reason
FROM numbered
WHERE occurrence > 1
ORDER BY source, line
