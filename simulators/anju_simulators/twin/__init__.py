"""The twin run: one community lived twice, once with complaints alone as the trigger, once with tickets in advance."""
