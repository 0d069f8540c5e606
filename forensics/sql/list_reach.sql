-- How many targets do two operators both know, department by department?
-- reads: list_targets
-- grain: one row per ordered pair of operators (an operator with itself too) and stratum
WITH known AS (
    SELECT DISTINCT operator, target, stratum FROM list_targets)
SELECT one.operator, other.operator AS other_operator, one.stratum, count(*) AS n_reachable
FROM known AS one
JOIN known AS other ON other.target = one.target
GROUP BY one.operator, other.operator, one.stratum
ORDER BY one.operator, other_operator, one.stratum
