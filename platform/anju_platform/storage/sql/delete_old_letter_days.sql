DELETE FROM dead_letter_day WHERE day < (%(cutoff)s::timestamptz AT TIME ZONE 'UTC')::date;
