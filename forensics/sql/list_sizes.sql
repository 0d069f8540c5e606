-- How many of a unit's targets could it and a unit of another operator both have asked for, department by department?
-- reads: unit_lists, list_targets
-- grain: one row per unit, operator that knows the targets, and stratum
WITH known AS (
    SELECT DISTINCT operator, target FROM list_targets)
SELECT unit_lists.unit, known.operator AS other_operator, unit_lists.stratum, count(*) AS n
FROM unit_lists
JOIN known ON known.target = unit_lists.target
GROUP BY unit_lists.unit, known.operator, unit_lists.stratum
ORDER BY unit_lists.unit, other_operator, unit_lists.stratum
