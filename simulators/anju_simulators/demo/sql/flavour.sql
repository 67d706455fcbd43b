-- Which flavour of storage the database is.
SELECT CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN 'timescale' ELSE 'plain' END
