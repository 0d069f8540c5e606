-- What can sessions ask for or get named (asked_people), and which card does it open?
-- reads: subjects, register, asked_people
-- grain: as subjects, and one row per operator, card and person where answers named people who were not asked for
SELECT operator, subject_kind, subject_key, card_key, person_key
FROM subjects
UNION ALL
SELECT DISTINCT operator, 'returned' AS subject_kind, -1 - person_key AS subject_key, card_key, person_key
FROM register
WHERE EXISTS (SELECT 1 FROM asked_people WHERE asked_people.subject_kind = 'returned')
