# One image for every component: the same code at the same paths, installed from the same lock.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    AIRFLOW_HOME=/opt/airflow \
    MUSTER_HOME=/var/lib/muster \
    MUSTER_CONFIG=/opt/muster/include/config

RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 50000 --create-home --home-dir /opt/airflow airflow \
    && mkdir -p /var/lib/muster /opt/airflow/logs \
    && chown -R airflow: /var/lib/muster /opt/airflow

WORKDIR /opt/muster
COPY requirements.txt ./
RUN pip install --require-hashes --requirement requirements.txt

COPY pyproject.toml README.md ./
COPY include ./include
COPY plugins ./plugins
COPY dags ./dags
COPY dbt_project ./dbt_project
RUN pip install --no-deps --editable .

USER airflow
ENTRYPOINT ["tini", "--"]
CMD ["airflow", "version"]
