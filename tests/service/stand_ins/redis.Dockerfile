# In the place of `redis` where no registry is reached: Debian's Redis, which as that image does takes connections of others.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* \
 && printf '%s\n' '#!/bin/sh' 'exec /usr/bin/redis-server --protected-mode no "$@"' > /usr/local/bin/redis-server \
 && chmod 755 /usr/local/bin/redis-server
WORKDIR /data
