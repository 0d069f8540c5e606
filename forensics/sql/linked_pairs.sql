-- Which persons could be one, as far as splink weighs two of their entries, and how probable is it?
-- reads: weighed (person_l, person_r, match_probability)
-- grain: one row per pair of persons, the smaller first; the probability is that of the entries that agree best
SELECT least(person_l, person_r) AS person, greatest(person_l, person_r) AS other_person,
       round(max(match_probability), 6) AS probability
FROM weighed
GROUP BY least(person_l, person_r), greatest(person_l, person_r)
ORDER BY person, other_person
