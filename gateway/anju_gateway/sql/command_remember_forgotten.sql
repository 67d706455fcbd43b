UPDATE command_memory SET forgotten_us = max(forgotten_us,
    coalesce((SELECT max(expires_us) FROM command WHERE expires_us < :before_us), 0))
