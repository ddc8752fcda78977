# In the place of `postgres` where no registry is reached: Debian's PostgreSQL 17, with what the file uses of its entrypoint.
FROM debian:bookworm-slim
RUN sed -n '1,/^$/p' /etc/apt/sources.list.d/debian.sources | sed 's/^Suites:.*/Suites: trixie/' > /tmp/suite \
 && mv /tmp/suite /etc/apt/sources.list.d/debian.sources \
 && apt-get -o Acquire::Check-Valid-Until=false update && apt-get install --yes --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /var/lib/postgresql/data && chown postgres /var/lib/postgresql/data
ENV PATH=/usr/lib/postgresql/17/bin:$PATH PGDATA=/var/lib/postgresql/data/db
RUN printf '%s\n' '#!/bin/sh' 'set -eu' \
 'chown postgres /var/lib/postgresql/data /var/run/postgresql' \
 'as() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }' \
 'if [ ! -e "$PGDATA/PG_VERSION" ]; then' \
 '  echo "$POSTGRES_PASSWORD" > /tmp/password; chmod 644 /tmp/password' \
 '  as initdb --auth=scram-sha-256 --username="$POSTGRES_USER" --pwfile=/tmp/password > /dev/null; rm /tmp/password' \
 '  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"' \
 '  as pg_ctl -w -o "-c listen_addresses=" start > /dev/null' \
 '  PGPASSWORD="$POSTGRES_PASSWORD" as createdb --username="$POSTGRES_USER" "$POSTGRES_DB"; as pg_ctl -w stop > /dev/null' \
 'fi' \
 'exec setpriv --reuid postgres --regid postgres --clear-groups postgres -c "listen_addresses=*"' > /entrypoint \
 && chmod 755 /entrypoint
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
ENTRYPOINT ["/entrypoint"]
