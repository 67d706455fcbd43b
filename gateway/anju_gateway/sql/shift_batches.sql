UPDATE batch SET at_us = at_us + :shift_us WHERE stream = :stream AND seq > :after
