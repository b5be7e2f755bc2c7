"""Connects accounts with the library that Flowra publishes for Python.

The server is at URL, and FLOWRA_KEY holds a secret key. Prints JSON: what each call returned, or the status and the code
of its error.
"""

import json
import os

from flowra import Flowra
from flowra.errors import FlowraAPIError


def attempt(call):
    """Returns what a call returns, or its error."""
    try:
        return call()
    except FlowraAPIError as error:
        return [error.status_code, (error.body or {}).get("error", {}).get("code")]


def slugs(items):
    """Returns the systems of connected accounts."""
    return [item["toolkit"]["slug"] for item in items]


def main() -> None:
    flowra = Flowra(api_key=os.environ["FLOWRA_KEY"], base_url=os.environ["URL"])
    for name in ["jane", "john"]:
        flowra.users.create({"name": name})
    jane, john = flowra.as_user("jane"), flowra.as_user("john")
    profile = jane.get_profile()
    printed = {"profile": [profile["slug"], profile["username"]]}

    crm = flowra.auth_configs.create(
        {
            "toolkit": {"slug": "crm"},
            "authConfig": {"type": "use_custom_auth", "authScheme": "API_KEY", "displayName": "CRM"},
        }
    )
    drive = flowra.auth_configs.create(
        {
            "toolkit": {"slug": "drive"},
            "authConfig": {
                "authScheme": "OAUTH2",
                "displayName": "Drive",
                "callbackUrls": ["https://shop.example.com/connected"],
                "credentials": {
                    "clientId": "shop",
                    "clientSecret": "secret",
                    "authorizationUrl": "https://drive.example.com/auth",
                    "tokenUrl": "https://drive.example.com/token",
                },
            },
        }
    )
    configs = flowra.auth_configs
    created = jane.connections.create(
        {"authConfigId": crm["id"], "label": "work", "credentials": {"apiKey": "a key"}}
    )
    link = jane.connections.create_link(
        {"authConfigId": drive["id"], "callbackUrl": "https://shop.example.com/connected"}
    )
    updated = jane.connections.update(created["id"], {"isDisabled": True, "displayName": "Jane's CRM"})
    printed["configs"] = {
        "list": [config["authConfig"]["displayName"] for config in configs.list(limit=10)["items"]],
        "found": configs.get(drive["id"])["authConfig"]["displayName"],
        "in use": attempt(lambda: configs.remove(crm["id"])),
    }
    printed["connections"] = {
        "created": [created["toolkit"]["slug"], created["status"], created["label"]],
        "updated": [updated["status"], updated["displayName"]],
        "list": slugs(jane.connections.list()["items"]),
        "grouped": slugs(jane.connections.list_grouped()),
        "link": link["redirectUrl"] == f"{os.environ['URL']}/connect/{link['linkToken']}",
        "others": slugs(john.connections.list()["items"]),
    }
    jane.connections.remove(created["id"])
    printed["connections"]["removed"] = attempt(lambda: jane.connections.remove(created["id"]))
    jane.connections.remove(link["connectedAccountId"])
    configs.remove(crm["id"])
    printed["configs"]["gone"] = attempt(lambda: configs.get(crm["id"]))
    print(json.dumps(printed))


main()
