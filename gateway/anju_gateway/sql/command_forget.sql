DELETE FROM command WHERE expires_us < :before_us
