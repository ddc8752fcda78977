# In the place of `nginxinc/nginx-unprivileged` where no registry is reached: Debian's nginx of a release that knows `resolve`.
FROM debian:bookworm-slim
RUN sed -n '1,/^$/p' /etc/apt/sources.list.d/debian.sources | sed 's/^Suites:.*/Suites: forky/' > /tmp/suite \
 && mv /tmp/suite /etc/apt/sources.list.d/debian.sources \
 && apt-get -o Acquire::Check-Valid-Until=false update \
 && apt-get install --yes --no-install-recommends nginx-light wget && rm -rf /var/lib/apt/lists/*
USER www-data
CMD ["nginx", "-g", "daemon off; error_log stderr;"]
