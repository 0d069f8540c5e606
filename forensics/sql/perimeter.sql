-- What could have been shown, under each definition? Formers whom the operator keeps count; those whose cover
-- begins after $until do not.
-- reads: register, persons, attacked (operator)
-- grain: one row per scope, operator, insurer and definition
WITH reachable AS (
    SELECT register.operator, register.insurer_id, register.card_key, persons.person_id,
           register.covered_until IS NOT NULL AND register.covered_until < $from_day AS is_former
    FROM register
    JOIN attacked ON attacked.operator = register.operator
    JOIN persons ON persons.person_key = register.person_key
    WHERE register.covered_from IS NULL OR register.covered_from <= $until),
scoped AS (
    SELECT 'all' AS scope, CAST(NULL AS VARCHAR) AS in_operator, CAST(NULL AS VARCHAR) AS in_insurer, * FROM reachable
    UNION ALL
    SELECT 'operator', operator, NULL, * FROM reachable
    UNION ALL
    SELECT 'insurer', NULL, insurer_id, * FROM reachable WHERE insurer_id IS NOT NULL),
counted AS (
    SELECT scope, in_operator, in_insurer,
           count(*) AS lines,
           count(DISTINCT card_key) AS contracts,
           count(DISTINCT person_id) AS people,
           count(DISTINCT person_id) FILTER (WHERE NOT is_former) AS people_covered
    FROM scoped
    GROUP BY scope, in_operator, in_insurer)
SELECT scope, in_operator AS operator, in_insurer AS insurer_id, definition, n
FROM (SELECT scope, in_operator, in_insurer, 'lines' AS definition, lines AS n FROM counted
      UNION ALL SELECT scope, in_operator, in_insurer, 'contracts', contracts FROM counted
      UNION ALL SELECT scope, in_operator, in_insurer, 'people', people FROM counted
      UNION ALL SELECT scope, in_operator, in_insurer, 'people_covered', people_covered FROM counted) AS listed
ORDER BY scope, operator NULLS FIRST, insurer_id NULLS FIRST, definition
