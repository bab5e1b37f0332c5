#!/usr/bin/env python3
"""Gives the database `synapse` the schema that a Synapse of ten schema versions ago had: what Synapse's own deltas make of an
empty database, as far as that version, with all the rows that have a place in it. Prints that version.

Run as `postgres`, while Synapse is off and the database `older` is empty.
"""

import io

import psycopg2
from synapse.config.database import DatabaseConnectionConfig
from synapse.storage import prepare_database as prepare
from synapse.storage.database import make_conn
from synapse.storage.engines import create_engine

OLDER = prepare.SCHEMA_VERSION - 10
# What Synapse itself says of the schema, and tasks that came with one.
OWN = ["schema_version", "schema_compat_version", "applied_schema_deltas", "applied_module_schemas", "background_updates",
       "scheduled_tasks"]


def make(name):
    """The older schema, by Synapse's own hand."""
    prepare.SCHEMA_VERSION = OLDER
    prepare.SCHEMA_COMPAT_VERSION = min(prepare.SCHEMA_COMPAT_VERSION, OLDER)
    config = {"name": "psycopg2", "args": {"dbname": name}}
    engine = create_engine(config)
    connection = make_conn(
        db_config=DatabaseConnectionConfig("master", config), engine=engine, default_txn_name="older", server_name="-")
    prepare.prepare_database(connection, engine, None)
    connection.close()


def rows(cursor, query):
    cursor.execute(query)
    return cursor.fetchall()


def columns(cursor):
    """The columns of each table."""
    found = {}
    for table, column in rows(cursor, """
            SELECT table_name, column_name FROM information_schema.columns JOIN pg_tables ON tablename = table_name
            WHERE table_schema = 'public' AND schemaname = 'public' ORDER BY table_name, ordinal_position"""):
        found.setdefault(table, []).append('"%s"' % column)
    return found


def fill(new, old):
    """All rows, without looking who refers to whom: they are of one moment."""
    old.execute("SET session_replication_role = replica")
    there, here = columns(new), columns(old)
    for table, names in here.items():
        if table in OWN or table not in there:
            continue
        both = ", ".join(name for name in names if name in there[table])
        text = io.StringIO()
        new.copy_expert("COPY (SELECT %s FROM %s) TO STDOUT" % (both, table), text)
        text.seek(0)
        old.execute("DELETE FROM " + table)
        old.copy_expert("COPY %s (%s) FROM STDIN" % (table, both), text)
    sequences = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"
    for (name,) in set(rows(new, sequences)) & set(rows(old, sequences)):
        ((last, called),) = rows(new, "SELECT last_value, is_called FROM " + name)
        old.execute("SELECT setval(%s, %s, %s)", (name, last, called))


make("older")
with psycopg2.connect(dbname="synapse") as new, psycopg2.connect(dbname="older") as old:
    fill(new.cursor(), old.cursor())
print(OLDER)
