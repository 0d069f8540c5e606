-- Who was shown to a client that is not judged honest, how surely, and by which client?
-- reads: session_lookups, session_returned, verdict_of_session (session_id, verdict, campaign_id), subjects, register,
--        persons, screen_of_path (operator, path, screen, tier, valid_from, valid_until)
-- grain: one row per person, operator, insurer, verdict, strand and screen (-1: a path no screen is declared for)
--   is_strict: the answer was a full success, and the register has the person on the card by that day
--   is_named: a strict answer to a question that names this one person: the holder of the number asked for, or
--             a subject that is one person's; the others on the card are inferred from the register; or a full success
--             whose log line says that this person was in it
--   rows that are not strict belong to the broad definition alone: any request for the card, whatever the answer
WITH asked AS (
    SELECT persons.person_id, register.operator, register.insurer_id, verdict_of_session.verdict,
           verdict_of_session.campaign_id, session_lookups.strand_id,
           session_lookups.operator || ' ' || coalesce(session_lookups.account_id, '') AS account,
           session_lookups.request_id, session_lookups.requested_at,
           coalesce(screen_of_path.screen, -1) AS screen,
           coalesce(screen_of_path.tier, 'displayed') AS tier,
           session_lookups.is_hit
           AND (register.covered_from IS NULL
                OR register.covered_from <= CAST(session_lookups.requested_at AS DATE)) AS strict,
           subjects.person_key IS NOT NULL
           OR (subjects.subject_kind = 'holder_number' AND coalesce(register.role = 'holder', FALSE)) AS named
    FROM session_lookups
    JOIN verdict_of_session ON verdict_of_session.session_id = session_lookups.session_id
    JOIN subjects
      ON subjects.operator = session_lookups.operator
     AND subjects.subject_kind = session_lookups.subject_kind
     AND subjects.subject_key = session_lookups.subject_key
    JOIN register
      ON register.operator = subjects.operator
     AND register.card_key = subjects.card_key
     AND (subjects.person_key IS NULL OR register.person_key = subjects.person_key)
    JOIN persons ON persons.person_key = register.person_key
    LEFT JOIN screen_of_path
           ON screen_of_path.operator = session_lookups.operator
          AND screen_of_path.path = session_lookups.path
          AND session_lookups.requested_at >= screen_of_path.valid_from
          AND session_lookups.requested_at < screen_of_path.valid_until
    WHERE verdict_of_session.verdict <> 'honest'),
returned AS (
    SELECT persons.person_id, register.operator, register.insurer_id, verdict_of_session.verdict,
           verdict_of_session.campaign_id, session_returned.strand_id,
           session_returned.operator || ' ' || coalesce(session_returned.account_id, '') AS account,
           session_returned.request_id, session_returned.requested_at,
           coalesce(screen_of_path.screen, -1) AS screen,
           session_returned.tier,
           session_returned.is_hit AS strict,
           TRUE AS named
    FROM session_returned
    JOIN verdict_of_session ON verdict_of_session.session_id = session_returned.session_id
    JOIN register
      ON register.operator = session_returned.operator
     AND register.person_key = session_returned.person_key
    JOIN persons ON persons.person_key = register.person_key
    LEFT JOIN screen_of_path
           ON screen_of_path.operator = session_returned.operator
          AND screen_of_path.path = session_returned.path
          AND session_returned.requested_at >= screen_of_path.valid_from
          AND session_returned.requested_at < screen_of_path.valid_until
    WHERE verdict_of_session.verdict <> 'honest'),
seen AS (
    SELECT * FROM asked
    UNION ALL
    SELECT * FROM returned)
SELECT person_id, operator, insurer_id, verdict, strand_id, screen, min(campaign_id) AS campaign_id,
       min(account) AS account,
       bool_or(strict) AS is_strict,
       bool_or(strict AND named) AS is_named,
       count(DISTINCT request_id) FILTER (WHERE strict) AS n_views,
       min(requested_at) FILTER (WHERE strict) AS first_seen_at,
       max(requested_at) FILTER (WHERE strict) AS last_seen_at,
       min_by(request_id, (requested_at, request_id)) FILTER (WHERE strict) AS first_request_id,
       min(tier) FILTER (WHERE strict) AS tier
FROM seen
GROUP BY person_id, operator, insurer_id, verdict, strand_id, screen
ORDER BY person_id, operator, insurer_id NULLS FIRST, verdict, strand_id, screen
