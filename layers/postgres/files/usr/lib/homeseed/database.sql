-- The database that Synapse accepts; creates only what is not there.
SELECT 'CREATE ROLE "matrix-synapse" LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'matrix-synapse') \gexec
SELECT 'CREATE DATABASE synapse OWNER "matrix-synapse" ENCODING ''UTF8'' LC_COLLATE ''C'' LC_CTYPE ''C'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'synapse') \gexec
REVOKE CONNECT ON DATABASE synapse FROM PUBLIC;
