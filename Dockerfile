# One image for the simulator and the service. Dependencies first: a change of code rebuilds the last layers only.
FROM python:3.11-slim AS build
WORKDIR /src
ARG EXTRAS=production
RUN python -m venv /venv
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
      extras = [line for name in '$EXTRAS'.split() for line in p['optional-dependencies'][name]]; \
      print('\n'.join(p['dependencies'] + extras))" > requirements.txt \
 && /venv/bin/pip install --no-cache-dir --constraint constraints.txt --requirement requirements.txt "hatchling>=1.27"
COPY README.md LICENSE ./
COPY emvqr emvqr
COPY khqr khqr
COPY contracts contracts
COPY scenarios scenarios
COPY simulator simulator
COPY service service
COPY schemes schemes
COPY loadtests loadtests
COPY sandbox sandbox
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 sandbox && mkdir /data && chown sandbox /data
COPY --from=build /venv /venv
USER sandbox
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 443 8600 3002
STOPSIGNAL SIGTERM
CMD ["bakong-sandbox", "up", "--data-dir", "/data", "--host", "0.0.0.0"]
