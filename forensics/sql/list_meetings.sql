-- How far do the work lists of two accused strands meet, among what either could have asked for?
-- reads: accused (strand_id, operator), asked_people, askable
-- grain: one row per pair of accused strands (a < b); only subjects that both operators know count
WITH known AS (
    SELECT DISTINCT operator, subject_kind, subject_key FROM askable),
reachable AS (
    SELECT one.operator AS operator_a, other.operator AS operator_b, count(*) AS n_reachable
    FROM known AS one
    JOIN known AS other ON other.subject_kind = one.subject_kind AND other.subject_key = one.subject_key
    GROUP BY one.operator, other.operator),
asked AS (
    SELECT DISTINCT accused.strand_id, accused.operator, asked_people.subject_kind, asked_people.subject_key
    FROM asked_people
    JOIN accused ON accused.strand_id = asked_people.strand_id),
within_reach AS (
    SELECT asked.strand_id, known.operator AS other_operator, count(*) AS n
    FROM asked
    JOIN known ON known.subject_kind = asked.subject_kind AND known.subject_key = asked.subject_key
    JOIN known AS own
      ON own.operator = asked.operator
     AND own.subject_kind = asked.subject_kind
     AND own.subject_key = asked.subject_key
    GROUP BY asked.strand_id, known.operator),
met AS (
    SELECT one.strand_id AS a, other.strand_id AS b, count(*) AS n_common
    FROM asked AS one
    JOIN asked AS other
      ON other.subject_kind = one.subject_kind AND other.subject_key = one.subject_key
     AND other.strand_id > one.strand_id
    JOIN known AS here
      ON here.operator = one.operator AND here.subject_kind = one.subject_kind AND here.subject_key = one.subject_key
    JOIN known AS there
      ON there.operator = other.operator
     AND there.subject_kind = other.subject_kind
     AND there.subject_key = other.subject_key
    GROUP BY one.strand_id, other.strand_id)
SELECT one.strand_id AS a, other.strand_id AS b,
       coalesce(met.n_common, 0) AS n_common,
       coalesce(of_one.n, 0) AS n_a, coalesce(of_other.n, 0) AS n_b,
       coalesce(reachable.n_reachable, 0) AS n_reachable
FROM accused AS one
JOIN accused AS other ON other.strand_id > one.strand_id
LEFT JOIN met ON met.a = one.strand_id AND met.b = other.strand_id
LEFT JOIN within_reach AS of_one ON of_one.strand_id = one.strand_id AND of_one.other_operator = other.operator
LEFT JOIN within_reach AS of_other ON of_other.strand_id = other.strand_id AND of_other.other_operator = one.operator
LEFT JOIN reachable ON reachable.operator_a = one.operator AND reachable.operator_b = other.operator
ORDER BY a, b
