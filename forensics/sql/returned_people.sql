-- Whom did an answer name, where a log says so?
-- reads: named_people (source_number, line, operator, member: in clear, tier: of the line), request_tiers (of joined
--        requests), members (operator, member, person_key), joined_lines, repeated_lines
-- grain: one row per request and person's key; person_key is null where the register does not tell who was named
WITH named AS (
    SELECT coalesce(joined_lines.request_id, people.source_number * $lines_a_source + people.line) AS request_id,
           people.operator, people.member, people.tier
    FROM named_people AS people
    LEFT JOIN joined_lines ON joined_lines.line_id = people.source_number * $lines_a_source + people.line
    WHERE NOT EXISTS (SELECT 1 FROM repeated_lines
                      WHERE repeated_lines.source_number = people.source_number
                        AND repeated_lines.line = people.line))
SELECT DISTINCT named.request_id, members.person_key, coalesce(request_tiers.tier, named.tier, 'displayed') AS tier
FROM named
LEFT JOIN request_tiers ON request_tiers.request_id = named.request_id
LEFT JOIN members ON members.operator = named.operator AND members.member = named.member
ORDER BY request_id, person_key NULLS LAST
