-- Of those whom some clients of an account asked for, how many did the accused clients of each operator ask for too?
-- reads: asked_people, accused (strand_id), compared (strand_id, unit), suspected_accounts (operator, account_id)
-- grain: one row per list (the accused of one operator) and unit of clients to be compared, and per list and account
--        that nobody suspects (unit null); in the order of the counts, so that a sum over them does not depend on names
WITH listed AS (
    SELECT DISTINCT asked_people.operator, asked_people.subject_kind, asked_people.subject_key
    FROM asked_people
    JOIN accused ON accused.strand_id = asked_people.strand_id),
asked AS (
    SELECT DISTINCT asked_people.operator, compared.unit, asked_people.account_id,
           asked_people.subject_kind, asked_people.subject_key
    FROM asked_people
    JOIN compared ON compared.strand_id = asked_people.strand_id
    UNION ALL
    SELECT DISTINCT asked_people.operator, CAST(NULL AS BIGINT) AS unit, asked_people.account_id,
           asked_people.subject_kind, asked_people.subject_key
    FROM asked_people
    LEFT JOIN suspected_accounts
           ON suspected_accounts.operator = asked_people.operator
          AND suspected_accounts.account_id = asked_people.account_id
    WHERE suspected_accounts.account_id IS NULL AND asked_people.account_id <> ''),
lists AS (
    SELECT DISTINCT operator AS list FROM listed)
SELECT lists.list, asked.operator, asked.unit, asked.account_id,
       count(*) AS n_asked, count(listed.subject_key) AS n_listed
FROM asked
CROSS JOIN lists
LEFT JOIN listed
       ON listed.operator = lists.list
      AND listed.subject_kind = asked.subject_kind
      AND listed.subject_key = asked.subject_key
GROUP BY lists.list, asked.operator, asked.unit, asked.account_id
ORDER BY lists.list, asked.operator, asked.unit NULLS FIRST, n_asked, n_listed, asked.account_id
