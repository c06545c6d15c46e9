"""Everything kept in Postgres; the only place with queries."""
