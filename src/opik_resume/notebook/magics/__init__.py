"""``%opik_resume`` and ``%%opik_resume``, with their completion."""
