"""From sessions to verdicts: measures, each with its chance among honest clients, and the rule that joins them."""
