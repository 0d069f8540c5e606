-- Whom does each card stand for, so that a number, a card and a page of a list can be compared, at two operators too?
-- reads: register, persons
-- grain: one row per operator and card; target is the least person_id on it, stratum the department where the target
--        lives (empty where none says), the same at every operator
WITH cards AS (
    SELECT register.operator, register.card_key, min(persons.person_id) AS target,
           min(register.department) AS department
    FROM register
    JOIN persons ON persons.person_key = register.person_key
    GROUP BY register.operator, register.card_key),
lives AS (
    SELECT target, coalesce(min(department), '') AS stratum
    FROM cards
    GROUP BY target)
SELECT cards.operator, cards.card_key, cards.target, lives.stratum
FROM cards
JOIN lives ON lives.target = cards.target
