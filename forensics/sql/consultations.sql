-- What did each strand look someone up for, and does care explain it? A patient asked for, once a week; an answer that
-- names people who were not asked for (a page of a list), where care explains any of them: one of them was sought.
-- reads: patients, asked_people
-- grain: one row per strand, patient and week, and one per strand and such an answer (is_list)
--   is_explained is null where it cannot be known
SELECT strand_id, operator, account_id, profession, first_at, is_explained, FALSE AS is_list
FROM patients
WHERE subject_kind <> 'returned'
UNION ALL
SELECT patients.strand_id, patients.operator, patients.account_id, patients.profession,
       asked_people.requested_at AS first_at, bool_or(patients.is_explained) AS is_explained, TRUE AS is_list
FROM asked_people
JOIN patients
  ON patients.strand_id = asked_people.strand_id
 AND patients.subject_kind = asked_people.subject_kind
 AND patients.subject_key = asked_people.subject_key
 AND patients.week = date_trunc('week', asked_people.requested_at)
WHERE asked_people.is_hit AND asked_people.subject_kind = 'returned'
GROUP BY patients.strand_id, patients.operator, patients.account_id, patients.profession,
         asked_people.request_id, asked_people.requested_at
