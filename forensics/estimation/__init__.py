"""From who was shown to how many: estimators that take numbers and know no tables."""
