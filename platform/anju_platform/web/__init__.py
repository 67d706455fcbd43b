"""The application that serves the REST API and the pages: errors, pagination, languages, live updates."""
