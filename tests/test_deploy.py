"""Container, unit and proxy files: each is checked by its own tool, and against the existing settings and files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from qa.settings import PREFIX, Settings, load_settings

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}


def run(*command: str | Path, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False, **options)


def stages() -> dict[str, str]:
    """The text of each stage of the Dockerfile by its name."""
    parts = re.split(r"^FROM (\S+) AS (\S+)\n", DOCKERFILE, flags=re.MULTILINE)
    return {
        name: f"FROM {base}\n{text}" for base, name, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    }


def with_bases(name: str) -> str:
    """A stage and those that it is based on."""
    text = stages()[name]
    base = re.match(r"FROM (\S+)", text)[1]
    return (with_bases(base) if base in stages() else "") + text


# The container


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    done = run(Path(sys.executable).parent / "hadolint", DEPLOY / "Dockerfile")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("image", ["serve", "full"])
def test_an_image_runs_without_root_and_tells_whether_it_is_ready(image: str) -> None:
    text = with_bases(image)
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE) == ["10001:10001"]
    assert "HEALTHCHECK" in text
    assert "pip install" not in text, "what only installs is no layer of an image"


def test_the_image_that_serves_has_no_pytorch_and_no_parsers() -> None:
    (source,) = re.findall(r"--from=(\S+)", stages()["serve"])
    assert "requirements-serve.lock" in stages()[source]
    assert "requirements.lock" not in stages()[source]


def test_nothing_is_installed_without_its_hash() -> None:
    installs = re.findall(r"pip install (.*)", DOCKERFILE)
    assert len(installs) == 5
    for each in installs:
        assert "--require-hashes" in each or each.rstrip() == "--no-deps --no-build-isolation ."


def test_what_is_copied_is_there_and_reaches_the_builder() -> None:
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]
    }
    sent = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == sent
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_probe_of_the_container_tells_whether_something_serves(
    tmp_path: Path,
) -> None:
    command = json.loads(re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[1])
    assert command[0] == "python"
    (tmp_path / "readyz").touch()
    serve = (
        "import functools, http.server as h\n"
        "s = h.HTTPServer(('127.0.0.1', 0), functools.partial(h.SimpleHTTPRequestHandler, directory='.'))\n"
        "print(s.server_port, flush=True)\n"
        "s.serve_forever()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", serve], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        environment = {**os.environ, "QA_PORT": server.stdout.readline().strip()}
        try:
            assert run(sys.executable, *command[1:], env=environment).returncode == 0
            (tmp_path / "readyz").unlink()
            assert run(sys.executable, *command[1:], env=environment).returncode != 0
        finally:
            server.kill()


def test_the_services_of_the_compose_file_are_locked_down() -> None:
    told = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert set(told["services"]) == {"qa", "qa-serve"}
    for service in told["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["user"] == "10001:10001"
        assert service["ports"] == ["127.0.0.1:8000:8000"], "a proxy stands in front"
        assert service["build"]["target"] in stages()
        assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("name", sorted(path.name for path in DEPLOY.iterdir()))
def test_every_setting_that_is_named_exists(name: str) -> None:
    named = set(re.findall(r"\bQA_[A-Z_]*[A-Z]\b", (DEPLOY / name).read_text(encoding="utf-8")))
    assert named <= SETTINGS


# The units


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A folder with the units, with a program that exists on this machine."""
    for name, command in (("qa.service", "serve --watch"), ("qa-node.service", "cluster $NODE --address")):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        assert f"ExecStart=/srv/qa/.venv/bin/qa {command}" in text
        (tmp_path / name).write_text(text.replace("/srv/qa/.venv/bin/qa", "/bin/true"), encoding="utf-8")
    return tmp_path


@pytest.fixture
def units_of_a_cluster(units: Path) -> Path:
    """The same, with the file that makes the server use a cluster."""
    (units / "qa.service.d").mkdir()
    (units / "qa.service.d/cluster.conf").write_bytes((DEPLOY / "qa-cluster.conf").read_bytes())
    return units


def test_systemd_understands_every_line_of_the_unit(units: Path) -> None:
    done = run("systemd-analyze", "verify", units / "qa.service")
    assert done.returncode == 0
    assert str(units) not in done.stderr


def test_systemd_understands_every_line_of_the_units_of_a_cluster(units_of_a_cluster: Path) -> None:
    paths = [units_of_a_cluster / name for name in ("qa-node.service", "qa.service")]
    done = run("systemd-analyze", "verify", *paths)
    assert done.returncode == 0
    assert str(units_of_a_cluster) not in done.stderr
    (units_of_a_cluster / "qa.service.d/cluster.conf").write_text("[Service]\nNoSuch=1\n")
    assert "NoSuch" in run("systemd-analyze", "verify", *paths).stderr, "it is read at all"


@pytest.mark.parametrize("name", ["qa.service", "qa-node.service"])
def test_a_unit_exposes_little(units: Path, name: str) -> None:
    """Tenths of points: 0 is a service without rights, 100 one without any limit."""
    done = run("systemd-analyze", "security", "--offline=yes", "--threshold=20", units / name)
    assert done.returncode == 0, done.stdout


# Kubernetes


@pytest.fixture
def manifests() -> dict[str, dict[str, Any]]:
    """The objects in the file for KubeRay, by kind."""
    found = yaml.safe_load_all((DEPLOY / "kuberay.yaml").read_text(encoding="utf-8"))
    return {each["kind"]: each for each in found}


def test_a_shard_has_a_place_for_each_of_its_hosts_on_different_machines(manifests) -> None:
    spec = manifests["RayCluster"]["spec"]
    head, (shards, front) = spec["headGroupSpec"], spec["workerGroupSpecs"]
    variables = {
        each["name"]: each.get("value")
        for each in front["template"]["spec"]["containers"][1]["env"]
        if each["name"].startswith("QA_")
    }
    settings = load_settings(variables)
    places = json.loads(json.loads(shards["rayStartParams"]["resources"]))
    assert shards["replicas"] >= settings.cluster_replicas
    assert places == {"qa_shard": settings.cluster_shards}
    assert [
        rule["topologyKey"]
        for rule in shards["template"]["spec"]["affinity"]["podAntiAffinity"][
            "requiredDuringSchedulingIgnoredDuringExecution"
        ]
    ] == ["kubernetes.io/hostname"]
    assert all("resources" not in group["rayStartParams"] for group in (head, front)), "these take no hosts"
    assert f"ray=={spec['rayVersion']} " in (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")


def test_the_pods_of_a_cluster_are_locked_down_and_share_a_secret(manifests) -> None:
    spec = manifests["RayCluster"]["spec"]
    for group in (spec["headGroupSpec"], *spec["workerGroupSpecs"]):
        pod = group["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        volumes = {each["name"] for each in pod["volumes"]}
        for container in pod["containers"]:
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert {each["name"] for each in container["volumeMounts"]} == volumes
            variables = {each["name"]: each for each in container["env"]}
            assert variables["RAY_AUTH_MODE"]["value"] == spec["authOptions"]["mode"] == "token"
            secret = variables["RAY_AUTH_TOKEN"]["valueFrom"]["secretKeyRef"]
            assert secret["name"] == spec["authOptions"]["secretName"]
            assert variables["RAY_USAGE_STATS_ENABLED"]["value"] == "0"


def test_only_the_pods_of_a_cluster_reach_the_ports_of_ray(manifests) -> None:
    own = {"matchLabels": {"ray.io/cluster": manifests["RayCluster"]["metadata"]["name"]}}
    policy = manifests["NetworkPolicy"]["spec"]
    assert policy["podSelector"] == own
    assert policy["policyTypes"] == ["Ingress"]
    among_themselves, from_anywhere = policy["ingress"]
    assert among_themselves == {"from": [{"podSelector": own}]}
    (service,) = manifests["Service"]["spec"]["ports"]
    assert from_anywhere == {"ports": [{"port": service["targetPort"]}]}
    assert service["targetPort"] == Settings.model_fields["port"].default


# The proxies


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-path.conf"])
def test_nginx_takes_its_file(tmp_path: Path, name: str) -> None:
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    made = run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=qa.example",
               "-keyout", key, "-out", certificate)  # fmt: skip
    assert made.returncode == 0, made.stderr
    site = (DEPLOY / name).read_text(encoding="utf-8")
    site = site.replace("/etc/ssl/qa.pem", str(certificate)).replace("/etc/ssl/private/qa.key", str(key))
    (tmp_path / "site.conf").write_text(site, encoding="utf-8")
    whole = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ include {tmp_path}/site.conf; }}"
    (tmp_path / "nginx.conf").write_text(whole, encoding="utf-8")
    done = run("nginx", "-t", "-p", tmp_path, "-e", tmp_path / "errors", "-c", tmp_path / "nginx.conf")
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


def test_caddy_takes_its_file(tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    done = run(
        "caddy", "adapt", "--validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile", env=environment
    )
    assert done.returncode == 0, done.stderr
    assert "not formatted" not in done.stderr
    assert "127.0.0.1:8000" in done.stdout


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-path.conf", "Caddyfile"])
def test_a_proxy_lets_files_through_that_the_service_takes(name: str) -> None:
    limits = re.findall(r"(?:client_max_body_size|max_size) (\d+)", (DEPLOY / name).read_text(encoding="utf-8"))
    assert limits
    assert {int(limit) for limit in limits} == {Settings.model_fields["max_file_mb"].default}
