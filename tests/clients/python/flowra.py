"""Generates a client from Flowra's OpenAPI document, and calls each of its operations once; creating a user twice, which has
two answers.

The server is at URL, and KEY is the secret of a key with all scopes. Prints JSON: the operations that were called, and values
that the client parsed from the responses.
"""

import json
import os
import tempfile
from importlib import import_module
from pathlib import Path

from generated import URL, generate


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        generate("/openapi/flowra.json", Path(name))
        flowra = Flowra()
        printed = {"users": users(flowra), "workflows": workflows(flowra), "connections": connections(flowra)}
        print(json.dumps({**printed, "called": flowra.called}))


TAGS = {
    "external_users": "external_users",
    "workflow_manager": "workflows",
    "auth_configs": "auth_configs",
    "connected_accounts": "connected_accounts",
    "key_profile": "connected_accounts",
}


class Flowra:
    """Calls operations by their names in the generated package, and notes them."""

    def __init__(self) -> None:
        from denizen import AuthenticatedClient

        key = os.environ["KEY"]
        self.client = AuthenticatedClient(base_url=URL, token=key, prefix="", auth_header_name="x-api-key")
        self.called: list[str] = []

    def call(self, name: str, *arguments, **named):
        """Returns what the client has parsed. Fails if the operation has failed or the answer is not as documented."""
        tag = next(tag for prefix, tag in TAGS.items() if name.startswith(prefix))
        operation = import_module(f"denizen.api.{tag}.{name}")
        if name not in self.called:
            self.called.append(name)
        answer = operation.sync_detailed(*arguments, client=self.client, **named)
        if not 200 <= answer.status_code < 300:
            raise RuntimeError(f"{name} ends with {answer.status_code}: {answer.content!r}")
        return answer.parsed


def users(flowra: Flowra) -> dict:
    from denizen.models import CreateByUsername, SortBy, UpdateExternalUser

    created = flowra.call("external_users_create", body=CreateByUsername(name="jane"))
    found = flowra.call("external_users_create", body=CreateByUsername(name="jane"))
    changed = flowra.call("external_users_update", created.id, body=UpdateExternalUser(email="jane@example.com"))
    read = flowra.call("external_users_get", created.id)
    named = flowra.call("external_users_find_by_username", "jane")
    acting = flowra.call("external_users_get_acting", x_username="jane")
    listed = flowra.call("external_users_list", limit=10, sort_by=SortBy.NAME)
    toggled = flowra.call("external_users_toggle_active", created.id)
    flowra.call("external_users_delete", created.id)
    return {
        "identifiers": [user.identifier for user in [created, found, changed, read, named, acting, *listed]],
        "types": [type(created).__name__, type(found).__name__],
        "email": read.email,
        "blocked": [read.blocked, toggled.blocked],
    }


def becomes(flowra: Flowra, workflow, status: str):
    """Starts or stops a workflow, and returns it once that is done."""
    from denizen.models import ActiveStatus

    body = ActiveStatus(is_active=status == "active")
    flowra.call("workflow_manager_set_active_status", workflow.id, body=body)
    while workflow.status != status:
        workflow = flowra.call("workflow_manager_get", workflow.id).data
    return workflow


def workflows(flowra: Flowra) -> dict:
    from denizen.models import FlowChanges, NewFlow, WorkflowInput

    step = {"id": "a", "componentId": "data", "function": "map", "fields": {"given": "=trigger.input"}}
    new = NewFlow.from_dict({"name": "Greet", "graph": {"nodes": [step]}, "trigger": {"type": "manual"}})
    workflow = flowra.call("workflow_manager_create", body=new).data
    flowra.call("workflow_manager_update", workflow.id, body=FlowChanges(description="Says hello"))
    workflow = becomes(flowra, workflow, "active")
    listed = flowra.call("workflow_manager_list", search="greet")
    sent = WorkflowInput(input_={"a": 1})
    execution = flowra.call("workflow_manager_execute", workflow.id, body=sent, wait=20).data
    executions = flowra.call("workflow_manager_list_executions", workflow_id=workflow.id)
    of_workflow = flowra.call("workflow_manager_list_executions_of", workflow.id)
    read = flowra.call("workflow_manager_get_execution", execution.id).data
    statistics = flowra.call("workflow_manager_get_statistics", workflow.id)
    becomes(flowra, workflow, "inactive")
    flowra.call("workflow_manager_delete", workflow.id)
    return {
        "description": workflow.description,
        "executions": [one.id == execution.id for one in [read, *executions.data, *of_workflow.data]],
        "listed": [one.name for one in listed.data],
        "success": statistics.success,
    }



def connections(flowra: Flowra) -> dict:
    from denizen.models import (
        CreateAuthConfig,
        CreateByUsername,
        CreateConnectedAccount,
        LinkConnectedAccount,
        UpdateConnectedAccount,
    )

    def config(new: dict):
        body = CreateAuthConfig.from_dict({"toolkit": {"slug": "crm"}, "authConfig": new})
        return flowra.call("auth_configs_create", body=body)

    flowra.call("external_users_create", body=CreateByUsername(name="john"))
    used = config({"authScheme": "API_KEY"})
    system, callback = "https://system.example.com/", "https://shop.example.com/connected"
    client = {"clientId": "shop", "authorizationUrl": system, "tokenUrl": system}
    linked = config({"authScheme": "OAUTH2", "callbackUrls": [callback], "credentials": client})
    new = {"authConfigId": str(used.id), "eUID": "john", "credentials": {"apiKey": "a key"}}
    created = flowra.call("connected_accounts_create", body=CreateConnectedAccount.from_dict(new))
    link = {"authConfigId": str(linked.id), "eUID": "john", "callbackUrl": callback}
    made = flowra.call("connected_accounts_link", body=LinkConnectedAccount.from_dict(link))
    flowra.call("connected_accounts_update", created.id, body=UpdateConnectedAccount(label="work"))
    read = flowra.call("connected_accounts_get", created.id)
    listed = flowra.call("connected_accounts_list", x_username="john", limit=10)
    groups = flowra.call("connected_accounts_group", x_username="john")
    token = flowra.call("connected_accounts_token", created.id)
    profile = flowra.call("key_profile_get", x_username="john")
    for account in [created.id, made.connected_account_id]:
        flowra.call("connected_accounts_delete", account)
    configs = flowra.call("auth_configs_list")
    flowra.call("auth_configs_delete", flowra.call("auth_configs_get", used.id).id)
    return {
        "label": read.label,
        "statuses": [account.status for account in listed.items],
        "grouped": [len(group.connected_accounts) for group in groups],
        "token": token.access_token,
        "username": profile.username,
        "configs": configs.total_items,
    }


main()
