# One image for the simulator and the service. Dependencies first: a change of code rebuilds the last layers only.
# EXTRAS: "production" by default; "production verify" for docs/ci, "production load" for the load check.
# For two architectures: docker buildx build --platform linux/amd64,linux/arm64 .
FROM debian:bookworm-slim AS base
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 ca-certificates busybox netbase tzdata \
 && rm -rf /var/lib/apt/lists/*

FROM base AS build
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv binutils
WORKDIR /src
ARG EXTRAS="production"
# pip stays here: it installs into a venv that has none.
RUN python3 -m venv /tools && python3 -m venv --without-pip /venv
COPY pyproject.toml constraints.txt ./
RUN python3 -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
      extras = [line for name in '$EXTRAS'.split() for line in p['optional-dependencies'][name]]; \
      print('\n'.join(p['dependencies'] + extras))" > requirements.txt \
 && /tools/bin/pip --python /venv/bin/python install --no-cache-dir --constraint constraints.txt \
      --requirement requirements.txt \
 && /tools/bin/pip install --no-cache-dir --constraint constraints.txt "hatchling>=1.27"
COPY README.md LICENSE ./
COPY emvqr emvqr
COPY khqr khqr
COPY contracts contracts
COPY scenarios scenarios
COPY simulator simulator
COPY service service
COPY schemes schemes
COPY loadtests loadtests
COPY explorer explorer
COPY sandbox sandbox
RUN /tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /tools/bin/pip --python /venv/bin/python install --no-cache-dir --no-deps /wheels/*.whl \
 && find /venv -depth \( -name '*.c' -o -name '*.pyx' -o -name '*.pxd' -o -path '*/site-packages/*/tests' \) -exec rm -rf {} + \
 && find /venv -name '*.so*' -type f -exec strip --strip-unneeded {} +

# Of Debian, only what Python and the libraries need (libstdc++ is in every Debian with apt): no package manager, no Perl,
# and busybox for a shell. The packages' own records come along, so that whoever scans the image finds their versions.
FROM base AS system
RUN apt-get update && mkdir -p /image/var/lib/dpkg /image/data && cd /image \
 && mkdir -p usr/bin usr/lib usr/lib64 usr/sbin && ln -s usr/bin usr/lib usr/lib64 usr/sbin . && mkdir -m 1777 tmp \
 && useradd --create-home --uid 10001 sandbox && chown sandbox data \
 && packages="$(apt-cache depends --recurse --installed --important python3 libstdc++6 busybox netbase tzdata | grep '^[a-z]' \
      | sed 's/:.*//' | sort -u | grep -vxE 'dpkg|debconf|tar|libacl1|libmd0|libselinux1|libpcre2-8-0|libzstd1|libdb5.3')" \
 && dpkg-query --status $packages ca-certificates > var/lib/dpkg/status \
 && { dpkg-query --listfiles $packages; find /usr/lib/python3.11 -name '*.pyc'; \
      ls -d /etc/passwd /etc/group /etc/ssl/certs/ca-certificates.crt /home/sandbox; } > /files \
 && tar --create --no-recursion --ignore-failed-read --directory / --exclude '*/gconv/*' \
      --exclude '*/python3.11/test/*' --exclude '*/python3.11/pydoc_data/*' --files-from /files 2>/dev/null \
    | tar --extract --keep-directory-symlink \
 && mkdir usr/lib/ssl && ln -s /etc/ssl/certs/ca-certificates.crt usr/lib/ssl/cert.pem \
 && chroot . /bin/busybox --install -s

FROM scratch
ARG VERSION=dev
LABEL org.opencontainers.image.title="bakong-sandbox" \
      org.opencontainers.image.description="A fake Bakong, a KHQR codec and a payment service" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=system /image /
COPY --from=build /venv /venv
USER 10001
WORKDIR /data
ENV PATH=/venv/bin:/usr/sbin:/usr/bin LANG=C.UTF-8 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
VOLUME /data
EXPOSE 443 8600 3002
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --retries=12 \
  CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8600/sandbox/health', timeout=3)"]
CMD ["bakong-sandbox", "up", "--data-dir", "/data", "--host", "0.0.0.0", "--keep"]
