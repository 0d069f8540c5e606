-- Whom did each unit of clients ask for, or get named?
-- reads: asked_people, units (unit, strand_id, operator, is_accused), askable, list_targets
-- grain: one row per unit and target; what opens no card is left out
SELECT DISTINCT units.unit, units.operator, units.is_accused, list_targets.target, list_targets.stratum
FROM asked_people
JOIN units ON units.strand_id = asked_people.strand_id
JOIN askable
  ON askable.operator = asked_people.operator
 AND askable.subject_kind = asked_people.subject_kind
 AND askable.subject_key = asked_people.subject_key
JOIN list_targets ON list_targets.operator = askable.operator AND list_targets.card_key = askable.card_key
