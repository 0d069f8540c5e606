-- Whom did each strand see, and does care explain it: a claim of the same account for someone on the same
-- card, up to followed.days days after the first lookup or up to $relation_days days before it?
-- reads: asked_people, askable, register, claims, accounts, followed (operator, days)
-- grain: one row per strand, subject and calendar week in which it was shown; by the week, so that a patient who
--        comes back weighs the same in every week of the log
--   is_explained is null where it cannot be known: no account to look for claims of, or no claims to follow with
WITH shown AS (
    SELECT strand_id, operator, account_id, subject_kind, subject_key,
           date_trunc('week', requested_at) AS week, min(requested_at) AS first_at
    FROM asked_people
    WHERE is_hit
    GROUP BY ALL),
claimed AS (
    SELECT DISTINCT claims.operator, claims.account_id, claims.submitted_at,
           askable.subject_kind, askable.subject_key
    FROM claims
    JOIN register ON register.operator = claims.operator AND register.person_key = claims.person_key
    JOIN askable ON askable.operator = claims.operator AND askable.card_key = register.card_key),
explained AS (
    SELECT DISTINCT shown.strand_id, shown.subject_kind, shown.subject_key, shown.week
    FROM shown
    JOIN followed ON followed.operator = shown.operator
    JOIN claimed
      ON claimed.operator = shown.operator
     AND claimed.account_id = shown.account_id
     AND claimed.subject_kind = shown.subject_kind
     AND claimed.subject_key = shown.subject_key
     AND claimed.submitted_at >= shown.first_at - $relation_days * INTERVAL 1 DAY
     AND claimed.submitted_at <= shown.first_at + followed.days * INTERVAL 1 DAY)
SELECT shown.strand_id, shown.operator, shown.account_id, accounts.profession,
       shown.subject_kind, shown.subject_key, shown.week, shown.first_at,
       CASE WHEN followed.operator IS NOT NULL AND shown.account_id <> ''
            THEN explained.subject_key IS NOT NULL END AS is_explained
FROM shown
LEFT JOIN followed ON followed.operator = shown.operator
LEFT JOIN explained
       ON explained.strand_id = shown.strand_id
      AND explained.subject_kind = shown.subject_kind
      AND explained.subject_key = shown.subject_key
      AND explained.week = shown.week
LEFT JOIN accounts ON accounts.operator = shown.operator AND accounts.account_id = shown.account_id
