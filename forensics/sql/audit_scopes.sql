-- Of whom do labels speak, and of whom of suspected clients do they not?
-- reads: audit_units
-- grain: one row per stratum, operator and insurer ('' where the register names none), with null for all of them
--   n_people: distinct people shown by what labels are drawn from; n_others: those shown, or asked for, in another way
SELECT stratum, operator, CAST(NULL AS VARCHAR) AS insurer_id,
       count(DISTINCT person_id) FILTER (WHERE is_drawable) AS n_people,
       count(DISTINCT person_id) FILTER (WHERE NOT is_drawable) AS n_others
FROM audit_units WHERE person_id >= 0 GROUP BY stratum, operator
UNION ALL
SELECT stratum, NULL, insurer_id,
       count(DISTINCT person_id) FILTER (WHERE is_drawable),
       count(DISTINCT person_id) FILTER (WHERE NOT is_drawable)
FROM audit_units WHERE person_id >= 0 AND insurer_id <> '' GROUP BY stratum, insurer_id
UNION ALL
SELECT stratum, NULL, NULL,
       count(DISTINCT person_id) FILTER (WHERE is_drawable),
       count(DISTINCT person_id) FILTER (WHERE NOT is_drawable)
FROM audit_units WHERE person_id >= 0 GROUP BY stratum
ORDER BY stratum, operator NULLS FIRST, insurer_id NULLS FIRST
