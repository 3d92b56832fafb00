# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide contains every error code, and the messages that ansible-playbook prints."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import typing as t

import hub_emulator
import trustme
import yaml
from ansible_collections.hubops.dockerhub.plugins.module_utils._errors import HubError
from ansible_collections.hubops.dockerhub.plugins.modules.dockerhub_token import RETURN
from emulator.access_tokens import add_access_tokens
from emulator.tags import add_tags

GUIDE = pathlib.Path(__file__).resolve().parents[3] / "docs/docsite/rst/guide_troubleshooting.rst"
LABEL = re.compile(r"^\.\. _ansible_collections\.hubops\.dockerhub\.docsite\.(\w+):$", re.MULTILINE)

MYBOT = {"identifier": "mybot", "secret": hub_emulator.MYBOT_PAT}
MFAUSER = {"identifier": "mfauser", "secret": "mfa-password-1"}
SSOUSER = {"identifier": "ssouser", "secret": "sso-password-1"}
LATER = {"X-Retry-After": "4102444800"}

# By error.code: the options of a login that fails with it, and the faulty answer of the emulator.
FAILURES: dict[str, tuple[dict[str, t.Any], dict[str, t.Any]]] = {
    "bad_answer": (MYBOT, {"status": 200, "body": "OK"}),
    "bad_credentials": ({**MYBOT, "secret": "dckr_pat_revoked"}, {}),
    "connection": ({**MYBOT, "retries": 0}, {"reset": True}),
    "edge_blocked": (MYBOT, hub_emulator.FAULTS["cloudflare_1010"]),
    "forbidden": (MYBOT, {"status": 403, "body": {"message": "access to the resource is forbidden"}}),
    "invalid_options": ({**MFAUSER, "otp": "12345"}, {}),
    "invalid_request": (MYBOT, {"status": 400, "body": {"detail": "malformed request: EOF"}}),
    "locked_out": (MYBOT, hub_emulator.FAULTS["lockout_429"]),
    "missing_library": (MYBOT, {}),
    "module_failed": ({**MYBOT, "login_from": "target"}, {}),
    "otp_invalid": ({**MFAUSER, "otp": "000000"}, {}),
    "otp_required": ({**MFAUSER, "auth_method": "login"}, {}),
    "rate_limited": (MYBOT, {"status": 429, "headers": LATER, "body": {"detail": "Rate limit exceeded"}}),
    "server_error": ({**MYBOT, "retries": 0}, hub_emulator.FAULTS["html_502"]),
    "sso_required": (SSOUSER, {}),
    "timeout": ({**MYBOT, "timeout": 0.2}, {"status": None, "delay": 30}),
    "tls": (MYBOT, {}),
}

# The same for the codes of resource tasks: the module, its options, and the faulty answer with its path.
REPOSITORIES = "/v2/namespaces/mybot/repositories"
# As many tokens as the subscription allows, with the one that the emulator has from the beginning.
TOKENS = [
    {
        "kind": "pat",
        "owner": "mybot",
        "secret": f"dckr_pat_{label}",
        "uuid": uuid,
        "label": label,
        "scopes": ["repo:admin"],
    }
    for label, uuid in (("ci", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"), *((f"old-{n}", f"uuid-{n}") for n in range(8)))
]
DEAD_TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJleHBpcmVkIn0.c2lnbmF0dXJl"
PASSWORD = hub_emulator.ACCOUNTS["mybot"].password
RESOURCE_FAILURES: dict[str, tuple[str, dict[str, t.Any], dict[str, t.Any]]] = {
    "cannot_change": (
        "dockerhub_access_token",
        {"secret": PASSWORD, "name": "ci", "scopes": ["repo:read"]},
        {},
    ),
    "conflict": (
        "dockerhub_api",
        {"path": REPOSITORIES, "method": "POST", "body": {"name": "app"}},
        {"path": REPOSITORIES, "status": 409, "body": {"message": "already exists"}},
    ),
    "insufficient_scope": (
        "dockerhub_api",
        {"path": f"{REPOSITORIES}/app", "method": "PATCH", "body": {"description": "The application"}},
        {"path": f"{REPOSITORIES}/app", "status": 403, "body": {"message": "insufficient scope", "errinfo": {}}},
    ),
    "needs_organization_token": (
        "dockerhub_api",
        {"path": "/v2/orgs/myorg/groups"},
        {"path": "/v2/orgs/*", "status": 403, "body": {"message": "requires an organization access token"}},
    ),
    "needs_password_login": (
        "dockerhub_api",
        {"path": "/v2/access-tokens"},
        {
            "path": "/v2/access-tokens",
            "status": 403,
            "body": {"message": "token issued from personal access token is not allowed"},
        },
    ),
    "no_free_slot": ("dockerhub_access_token", {"secret": PASSWORD, "name": "new", "scopes": ["repo:read"]}, {}),
    "not_found": ("dockerhub_api", {"path": f"{REPOSITORIES}/missing"}, {}),
    "plan_required": (
        "dockerhub_repository",
        {"name": "app2", "private": True},
        {"path": REPOSITORIES, "status": 402, "body": {"message": "upgrade your subscription"}},
    ),
    "protected": ("dockerhub_repository", {"name": "app", "state": "absent"}, {}),
    "token_expired": ("dockerhub_api", {"path": REPOSITORIES, "access_token": DEAD_TOKEN}, {}),
    "too_many_removals": ("dockerhub_tag_prune", {"name": "app", "older_than": "90d", "max_deletions": 1}, {}),
    "unexpected_status": ("dockerhub_api", {"path": REPOSITORIES, "status_code": [404]}, {}),
}


def entries() -> dict[str, str]:
    """Return the sections of the guide by their labels, each as one line."""
    parts = LABEL.split(GUIDE.read_text())
    return {label: " ".join(text.split()) for label, text in zip(parts[1::2], parts[2::2])}


def test_every_code_has_an_entry() -> None:
    assert set(HubError.codes) <= set(entries())


def test_every_code_of_a_login_is_provoked() -> None:
    description = " ".join(yaml.safe_load(RETURN)["error"]["contains"]["code"]["description"])
    assert set(re.findall(r"V\((\w+)\)", description)) == set(FAILURES)


def test_every_other_code_is_provoked() -> None:
    assert set(HubError.codes) - set(FAILURES) == {*RESOURCE_FAILURES}


def test_the_entries_show_what_ansible_playbook_prints(
    run_playbook: t.Callable[..., t.Any], tmp_path: pathlib.Path
) -> None:
    certificate = trustme.CA().issue_cert("127.0.0.1")  # of an unknown CA
    certificate.private_key_pem.write_to_path(str(tmp_path / "key"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert"))
    tls = str(tmp_path / "cert"), str(tmp_path / "key")
    (tmp_path / "without/requests.py").parent.mkdir()
    (tmp_path / "without/requests.py").write_text("raise ImportError('requests')")
    without = f"{tmp_path}/without:{os.environ.get('PYTHONPATH', '')}"
    with contextlib.ExitStack() as stack:
        hubs = {code: hub_emulator.HubEmulator(tls=tls if code == "tls" else None) for code in FAILURES}
        for code, hub in hubs.items():
            stack.enter_context(hub)
            if FAILURES[code][1]:
                hub.fail(times=None, **FAILURES[code][1])
        tasks = {
            code: {
                "hubops.dockerhub.dockerhub_token": {**options, "hub_url": hubs[code].url},
                "vars": {"ansible_python_interpreter": "/usr/bin/python4"} if code == "module_failed" else {},
                "ignore_errors": True,
            }
            for code, (options, _fault) in FAILURES.items()
        }
        library = tasks.pop("missing_library")
        played = run_playbook([play(*tasks.values(), tasks["bad_credentials"])]).output
        played += run_playbook([play(library)], env={"PYTHONPATH": without}).output
    sections, codes = entries(), set()
    for found in re.findall(r"FAILED! => (\{.*\})", played):
        result = json.loads(found)
        code = result["error"]["code"]
        codes.add(code)
        assert as_in_the_guide(result["msg"], {hub.url for hub in hubs.values()}) in sections[code]
    assert codes == set(FAILURES), played


def test_the_entries_show_what_resource_tasks_print(run_playbook: t.Callable[..., t.Any]) -> None:
    with contextlib.ExitStack() as stack:
        tasks, urls = [], set()
        for module, options, fault in RESOURCE_FAILURES.values():
            hub = stack.enter_context(hub_emulator.HubEmulator())
            hub.repositories.add("mybot", "app", hub.now())
            add_tags(
                hub,
                {"namespace": "mybot", "repository": "app", "tags": ["1.0", "latest"], "pushed_ago": 100 * 86400},
                "",
            )
            add_access_tokens(hub, {"access_tokens": TOKENS}, "")
            hub.pat_limit = 1 + len(TOKENS)
            if fault:
                hub.fail(times=None, **fault)
            urls.add(hub.url)
            task = {**MYBOT, "hub_url": hub.url, **options}
            tasks.append({f"hubops.dockerhub.{module}": task, "ignore_errors": True})
        played = run_playbook([play(*tasks)]).output
    sections, codes = entries(), []
    for found in re.findall(r"FAILED! => (\{.*\})", played):
        result = json.loads(found)
        codes.append(result["error"]["code"])
        assert as_in_the_guide(result["msg"], urls) in sections[codes[-1]]
    assert codes == [*RESOURCE_FAILURES], played


def play(*tasks: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"hosts": "localhost", "gather_facts": False, "tasks": tasks}


def as_in_the_guide(message: str, urls: set[str]) -> str:
    """Return the message with the machine, the URL and the times that the guide uses."""
    for url in urls:
        message = message.replace(url, "https://hub.docker.com")
    for pattern, example in (
        (r"on \S+ Python \S+\. ", "on controller's Python /usr/bin/python3. "),
        (r"(?<=install it: )\S+", "/usr/bin/python3"),
        (r"(?<=did not run on )[^;]*", "bastion.example.com: /usr/bin/python4: not found"),
        (r"\d{4}-\d\d-\d\dT[\d:]+Z", "2026-01-31T12:00:00Z"),
        (r"(?<=not tried again for )\d+", "897"),
        (r"(?<=timeout of )0.2", "30"),
    ):
        message = re.sub(pattern, example, message)
    return message
