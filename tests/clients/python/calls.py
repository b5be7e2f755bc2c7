"""Generates a client from the server's OpenAPI document, and calls operations of every contract with it.

The server is at URL. The variables FLOWRA_KEY, NOTIFLOWS_PUBLIC_KEY and ACCOUNT_TOKEN hold credentials. Prints JSON: the
status of each call, and a value that the client parsed from the response.
"""

import json
import os
import tempfile
from pathlib import Path
from uuid import uuid4

from generated import URL, generate


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        generate("/openapi.json", Path(name))
        print(json.dumps(calls()))


def calls() -> dict:
    """Calls operations of every contract, including one that fails."""
    from denizen import AuthenticatedClient, Client
    from denizen.api.accounts import accounts_get_current
    from denizen.api.channels import channels_list
    from denizen.api.external_users import external_users_find_by_username, external_users_get, external_users_update
    from denizen.api.flows import flows_list
    from denizen.api.people import people_get_current
    from denizen.api.server import server_get_version
    from denizen.api.users import users_get, users_list, users_put
    from denizen.models import PutUser, PutUserCustomFieldsType0, UpdateExternalUser

    secret = os.environ["FLOWRA_KEY"]
    anonymous = Client(base_url=URL)
    flowra = AuthenticatedClient(base_url=URL, token=secret)
    keys = {"x-notiflows-api-key": os.environ["NOTIFLOWS_PUBLIC_KEY"], "x-notiflows-secret-key": secret}
    notiflows = Client(base_url=URL, headers=keys)
    zaia = AuthenticatedClient(base_url=URL, token=secret, prefix="")
    account = AuthenticatedClient(base_url=URL, token=os.environ["ACCOUNT_TOKEN"])

    fields = PutUserCustomFieldsType0.from_dict({"plan": "free"})
    put = users_put.sync_detailed("jane", client=notiflows, body=PutUser(email="jane@example.com", custom_fields=fields))
    user = users_get.sync_detailed("jane", client=notiflows)
    page = users_list.sync_detailed(client=notiflows)
    channels = channels_list.sync_detailed(client=zaia)
    found = external_users_get.sync_detailed(put.parsed.id, client=zaia)
    change = UpdateExternalUser(name="Jane Doe")
    changed = external_users_update.sync_detailed(put.parsed.id, client=zaia, body=change)
    unknown = external_users_get.sync_detailed(uuid4(), client=flowra)
    by_name = external_users_find_by_username.sync_detailed("nobody", client=flowra)
    current = accounts_get_current.sync_detailed(client=account)
    flows = flows_list.sync_detailed(client=account)
    person = people_get_current.sync_detailed(client=account)
    version = server_get_version.sync_detailed(client=anonymous)
    return {
        "users.put": [put.status_code, put.parsed.email],
        "users.get": [user.status_code, user.parsed.custom_fields.to_dict()],
        "users.list": [page.status_code, len(page.parsed.items)],
        "channels.list": [channels.status_code, len(channels.parsed)],
        "externalUsers.get": [found.status_code, found.parsed.external_id],
        "externalUsers.update": [changed.status_code, changed.parsed.name],
        "externalUsers.get, unknown": [unknown.status_code, unknown.parsed.error.code],
        "externalUsers.findByUsername": [by_name.status_code, by_name.parsed],
        "accounts.getCurrent": [current.status_code, current.parsed.username],
        "flows.list": [flows.status_code, len(flows.parsed)],
        "people.getCurrent": [person.status_code, person.parsed.email],
        "server.getVersion": [version.status_code, version.parsed.version],
    }


main()
