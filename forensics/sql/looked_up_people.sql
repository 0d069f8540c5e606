-- Whom did anyone, robot or not, ask for or get named outside the clean weeks (before $clean_until; null where there are none)?
-- reads: session_lookups, session_returned, subjects, register, persons
-- grain: one row per person, operator and insurer
SELECT persons.person_id, register.operator, register.insurer_id
FROM session_lookups
JOIN subjects
  ON subjects.operator = session_lookups.operator
 AND subjects.subject_kind = session_lookups.subject_kind
 AND subjects.subject_key = session_lookups.subject_key
JOIN register
  ON register.operator = subjects.operator
 AND register.card_key = subjects.card_key
 AND (subjects.person_key IS NULL OR register.person_key = subjects.person_key)
JOIN persons ON persons.person_key = register.person_key
WHERE CAST($clean_until AS TIMESTAMP) IS NULL OR session_lookups.requested_at >= CAST($clean_until AS TIMESTAMP)
UNION
SELECT persons.person_id, register.operator, register.insurer_id
FROM session_returned
JOIN register
  ON register.operator = session_returned.operator
 AND register.person_key = session_returned.person_key
JOIN persons ON persons.person_key = register.person_key
WHERE CAST($clean_until AS TIMESTAMP) IS NULL OR session_returned.requested_at >= CAST($clean_until AS TIMESTAMP)
ORDER BY person_id, operator, insurer_id
