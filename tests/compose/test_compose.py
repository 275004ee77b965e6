"""docker-compose.yml without an engine: valid by the specification, and every reference in it is real."""

from __future__ import annotations

import importlib
import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml
from compose_pydantic import ComposeSpecification

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
RAW = yaml.safe_load(COMPOSE)
SERVICES: dict[str, dict] = RAW["services"]
VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>[A-Z_]+)(?P<rest>[^}]*)\}")


def env_example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_file_is_valid_by_the_compose_specification() -> None:
    spec = ComposeSpecification(**{k: v for k, v in RAW.items() if not k.startswith("x-")})
    assert set(spec.services) >= {
        "postgres", "redis", "api-server", "scheduler", "dag-processor", "triggerer", "worker", "simulators",
    }  # fmt: skip


def test_a_misspelt_key_would_be_refused() -> None:
    with pytest.raises(ValueError, match="healthchek"):
        ComposeSpecification(services={"a": {"image": "x", "healthchek": {}}})


def test_every_variable_is_in_the_example_and_the_example_holds_nothing_else() -> None:
    used = {match["name"] for match in VARIABLE.finditer(COMPOSE)}
    assert used == set(env_example())


def test_secrets_have_no_default_and_the_example_has_no_real_one() -> None:
    for match in VARIABLE.finditer(COMPOSE):
        if re.search(r"PASSWORD|SECRET|KEY", match["name"]) and "CONN" not in match["name"]:
            assert not match["rest"].startswith(":-"), match["name"]
            assert env_example()[match["name"]] == "change-me"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_service_refers_to_exists(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    for volume in service.get("volumes", []):
        assert volume.split(":")[0] in RAW["volumes"]
    if service["image"].startswith("${MUSTER_IMAGE"):
        assert env_example()["MUSTER_IMAGE"] == "muster:" + version()
    else:
        assert service["image"] in {"postgres:15-bookworm", "redis:7-bookworm"}


def version() -> str:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.mark.parametrize("name", [n for n, s in SERVICES.items() if s["image"].startswith("${MUSTER_IMAGE")])
def test_the_command_of_a_service_is_one_that_the_image_has(name: str) -> None:
    program, *arguments = SERVICES[name]["command"]
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    if program == "python":
        assert arguments[0] == "-m"
        assert callable(importlib.import_module(arguments[1]).main)
    elif program == "airflow":
        assert shutil.which("airflow", path=str(Path(importlib.import_module("sys").executable).parent))
        assert arguments[0] in airflow_commands()
    else:
        module, function = scripts[program].split(":")
        assert callable(getattr(importlib.import_module(module), function))


def airflow_commands() -> set[str]:
    from airflow.cli import cli_parser  # noqa: F401  registers the executors' and auth managers' commands
    from airflow.cli.cli_parser import ALL_COMMANDS_DICT

    return {*ALL_COMMANDS_DICT, "celery"}


def test_every_airflow_setting_exists_in_the_installed_airflow() -> None:
    from airflow.configuration import conf

    known = {
        (section, option)
        for section, described in conf.configuration_description.items()
        for option in described["options"]
    }
    settings = [k for k in SERVICES["scheduler"]["environment"] if k.startswith("AIRFLOW__")]
    unknown = [s for s in settings if tuple(s.lower().split("__")[1:]) not in known]
    assert unknown == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("AIRFLOW__CORE__LOAD_EXAMPLES", "false"),
        ("AIRFLOW__API__ENABLE_SWAGGER_UI", "false"),
        ("AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS", "0o600"),
        ("AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS", "0o700"),
    ],
)
def test_an_insecure_default_is_replaced(setting: str, value: str) -> None:
    assert SERVICES["api-server"]["environment"][setting] == value


def test_the_simple_auth_manager_is_not_used_and_secrets_are_given_from_outside() -> None:
    environment = SERVICES["api-server"]["environment"]
    assert "fab" in environment["AIRFLOW__CORE__AUTH_MANAGER"]
    for secret in ("CORE__FERNET_KEY", "API__SECRET_KEY", "API_AUTH__JWT_SECRET"):
        assert environment[f"AIRFLOW__{secret}"].startswith("${")


def test_only_this_machine_reaches_the_ui_and_nothing_else_is_published() -> None:
    published = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}
    assert list(published) == ["api-server"]
    assert all(str(port).startswith("127.0.0.1:") for port in published["api-server"])


def test_paths_in_the_image_are_the_ones_the_services_name() -> None:
    copied = re.findall(r"^COPY (?:\S+ )+\./(\S*)$", DOCKERFILE, flags=re.MULTILINE)
    assert {"dags", "plugins", "include", "dbt_project"} <= set(copied)
    workdir = re.search(r"^WORKDIR (\S+)$", DOCKERFILE, flags=re.MULTILINE)[1]  # type: ignore[index]
    environment = SERVICES["scheduler"]["environment"]
    for setting in ("AIRFLOW__CORE__DAGS_FOLDER", "AIRFLOW__CORE__PLUGINS_FOLDER", "MUSTER_CONFIG"):
        inside = Path(environment[setting]).relative_to(workdir)
        assert (ROOT / inside).is_dir(), setting
    for line in re.findall(r"^COPY (.+)$", DOCKERFILE, flags=re.MULTILINE):
        assert all((ROOT / source).exists() for source in line.split()[:-1]), line


def test_every_connection_of_the_shipped_platform_is_passed_on() -> None:
    platform = (ROOT / "include" / "config" / "platform.yml").read_text()
    named = set(re.findall(r"connection: (\w+__\w+)", platform))
    passed = {k.removeprefix("AIRFLOW_CONN_").lower() for k in env_example() if k.startswith("AIRFLOW_CONN_")}
    assert named <= passed
