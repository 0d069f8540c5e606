-- Whom did an answer name, where a log says so?
-- reads: named_people (source_number, line, operator, member: in clear), members (operator, member, person_key),
--        clear_requests, joined_lines, repeated_lines
-- grain: one row per request and person's key; person_key is null where the register does not tell who was named
WITH named AS (
    SELECT coalesce(joined_lines.request_id, people.source_number * $lines_a_source + people.line) AS request_id,
           people.operator, people.member
    FROM named_people AS people
    LEFT JOIN joined_lines ON joined_lines.line_id = people.source_number * $lines_a_source + people.line
    WHERE NOT EXISTS (SELECT 1 FROM repeated_lines
                      WHERE repeated_lines.source_number = people.source_number
                        AND repeated_lines.line = people.line))
SELECT DISTINCT named.request_id, members.person_key, coalesce(requests.tier, 'displayed') AS tier
FROM named
JOIN clear_requests AS requests ON requests.source_number * $lines_a_source + requests.line = named.request_id
LEFT JOIN members ON members.operator = named.operator AND members.member = named.member
ORDER BY request_id, person_key NULLS LAST
