UPDATE command_memory SET since_us = min(since_us, :since_us)
