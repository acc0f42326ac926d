# One image for everything: Airflow's processes, the pipeline and the command line.
FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /opt/meterr
RUN python -m venv /opt/venv
COPY requirements.lock ./
RUN /opt/venv/bin/pip install --require-hashes --no-deps -r requirements.lock
COPY . .
# Editable, so that the DAGs, dbt's project and the migrations lie where the package looks for them.
RUN /opt/venv/bin/pip install --no-deps --no-build-isolation --editable .
# An import that has to be compiled costs every process about six seconds.
RUN /opt/venv/bin/python -m compileall -q -j 0 /opt/venv/lib meterr_etl dags || true

FROM python:3.11-slim-bookworm

RUN groupadd --gid 50000 meterr \
    && useradd --uid 50000 --gid meterr --create-home --home-dir /home/meterr meterr \
    && install -d -o meterr -g meterr /opt/airflow /opt/airflow/logs /var/lib/meterr \
    # Airflow writes a file of its defaults where it finds none, and the image is read-only.
    && touch /opt/airflow/airflow.cfg
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/meterr /opt/meterr
COPY --chmod=0755 deploy/entrypoint.sh /usr/local/bin/meterr-entrypoint
COPY deploy/airflow/airflow_local_settings.py /opt/airflow/config/airflow_local_settings.py

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    METERR_HOME=/var/lib/meterr
WORKDIR /opt/meterr
USER meterr
ENTRYPOINT ["meterr-entrypoint"]
CMD ["meterr", "--help"]
