-- Which people, shown by which answers, are drawn: the first $most of each stratum in an order drawn by lot?
-- reads: audit_units
-- grain: one row per answer, person and insurer; n_units counts all that could be drawn
WITH lots AS (
    SELECT stratum, request_id, session_id,
           md5(concat($seed, CAST(request_id AS VARCHAR), ' ', CAST(person_id AS VARCHAR), ' ', insurer_id)) AS lot
    FROM audit_units
    WHERE is_drawable),
drawn AS (
    SELECT stratum, request_id, session_id,
           count(*) OVER (PARTITION BY stratum) AS n_units,
           row_number() OVER (PARTITION BY stratum ORDER BY lot, request_id) AS place
    FROM lots)
SELECT stratum, place, request_id, session_id, n_units
FROM drawn
WHERE place <= $most
ORDER BY stratum, place
