"""The platform: one folder a step of the flow. Inside a step the same names: models (typed records), rules
(pure), store (SQL), api, pages, jobs."""
