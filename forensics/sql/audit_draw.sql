-- Which lookups that care does not explain can be labelled, in an order drawn by lot within each stratum?
-- reads: session_lookups, patients, strata (strand_id, stratum)
-- grain: one row per lookup among the first $most of its stratum; n_lookups counts all that could be drawn
WITH unexplained AS (
    SELECT session_lookups.request_id, session_lookups.session_id, strata.stratum,
           md5(concat($seed, CAST(session_lookups.request_id AS VARCHAR))) AS lot
    FROM session_lookups
    JOIN strata ON strata.strand_id = session_lookups.strand_id
    LEFT JOIN patients
           ON patients.strand_id = session_lookups.strand_id
          AND patients.subject_kind = session_lookups.subject_kind
          AND patients.subject_key = session_lookups.subject_key
          AND patients.week = date_trunc('week', session_lookups.requested_at)
          AND patients.is_explained
    WHERE session_lookups.is_hit AND patients.subject_key IS NULL),
drawn AS (
    SELECT stratum, request_id, session_id,
           count(*) OVER (PARTITION BY stratum) AS n_lookups,
           row_number() OVER (PARTITION BY stratum ORDER BY lot, request_id) AS place
    FROM unexplained)
SELECT stratum, place, request_id, session_id, n_lookups
FROM drawn
WHERE place <= $most
ORDER BY stratum, place
