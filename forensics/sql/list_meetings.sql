-- How many targets do two units of clients have in common?
-- reads: unit_lists
-- grain: one row per pair of units (a < b) that meet, both accused or both not
SELECT one.unit AS a, other.unit AS b, count(*) AS n_common
FROM unit_lists AS one
JOIN unit_lists AS other
  ON other.target = one.target AND other.unit > one.unit AND other.is_accused = one.is_accused
GROUP BY one.unit, other.unit
ORDER BY a, b
