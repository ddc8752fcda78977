# In the place of `prom/prometheus` where no registry is reached: Debian's Prometheus 3.5.
FROM debian:bookworm-slim
RUN sed -n '1,/^$/p' /etc/apt/sources.list.d/debian.sources | sed 's/^Suites:.*/Suites: forky/' > /tmp/suite \
 && mv /tmp/suite /etc/apt/sources.list.d/debian.sources \
 && apt-get -o Acquire::Check-Valid-Until=false update && apt-get install --yes --no-install-recommends prometheus wget && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /prometheus && chown nobody /prometheus
USER nobody
WORKDIR /prometheus
VOLUME /prometheus
ENTRYPOINT ["/usr/bin/prometheus", "--storage.tsdb.path=/prometheus"]
