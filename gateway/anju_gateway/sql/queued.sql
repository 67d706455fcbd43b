SELECT stream, coalesce(sum(samples), 0), coalesce(sum(bytes), 0), coalesce(min(at_us), 0) FROM batch GROUP BY stream
