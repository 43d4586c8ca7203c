"""What the site, storage, the model and the IM server answer to a package and to the live check."""

from __future__ import annotations

import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

from tests.azure_cli.recorder import Answer, Asked
from tests.azure_cli.state import APP, IN_GROUP, SITE, Azure, Routes, host_of, listed

ROUTES = Routes()

FUNCTION_KEY = "a-function-key"


# ---------------------------------------------------------------- the site and its package


@ROUTES.on("GET", SITE)
def _site(azure: Azure, asked: Asked) -> Answer:
    host = urlsplit(host_of(asked)).netloc
    return Answer(
        body={
            "id": SITE,
            "name": APP,
            "type": "Microsoft.Web/sites",
            "kind": "functionapp,linux",
            "location": "East US 2",
            "properties": {
                "sku": "FlexConsumption",
                "serverFarmId": f"{IN_GROUP}/providers/Microsoft.Web/serverfarms/plan-relay-try",
                "enabledHostNames": [host],
                "hostNameSslStates": [
                    {"name": host, "hostType": "Standard"},
                    {"name": host, "hostType": "Repository"},
                ],
                "functionAppConfig": {"runtime": {"name": "python", "version": "3.13"}},
            },
        }
    )


@ROUTES.on("GET", f"{IN_GROUP}/providers/Microsoft.Web/serverfarms/plan-relay-try")
def _plan(azure: Azure, asked: Asked) -> Answer:
    return Answer(
        body={
            "id": asked.path,
            "name": "plan-relay-try",
            "location": "East US 2",
            "sku": {"name": "FC1", "tier": "FlexConsumption"},
            "properties": {"reserved": True},
        }
    )


@ROUTES.on("POST", f"{SITE}/config/appsettings/list")
def _settings(azure: Azure, asked: Asked) -> Answer:
    return Answer(body={"id": asked.path, "properties": {}})


@ROUTES.on("GET", "/providers/Microsoft.Web/locations/[^/]+/functionAppStacks")
def _stacks(azure: Azure, asked: Asked) -> Answer:
    linux = {
        "appInsightsSettings": {"isSupported": True},
        "appSettingsDictionary": {"FUNCTIONS_WORKER_RUNTIME": "python"},
        "gitHubActionSettings": {"isSupported": True},
        "Sku": [{"skuCode": "FC1"}],
    }
    minor = {"value": "3.13", "stackSettings": {"linuxRuntimeSettings": linux}}
    stack = {"name": "python", "properties": {"majorVersions": [{"minorVersions": [minor]}]}}
    return listed(stack)


@ROUTES.on("POST", "/api/publish")
def _publish(azure: Azure, asked: Asked) -> Answer:
    return Answer(202, "a-deployment-id")


@ROUTES.on("GET", "/api/deployments/latest")
def _published(azure: Azure, asked: Asked) -> Answer:
    return Answer(body={"id": "a-deployment-id", "status": 4, "complete": True})


@ROUTES.on("POST", f"{SITE}/host/default/listkeys")
def _keys(azure: Azure, asked: Asked) -> Answer:
    return Answer(body={"masterKey": "a-master-key", "functionKeys": {"default": FUNCTION_KEY}})


@ROUTES.on("GET", "/admin/host/status")
def _running(azure: Azure, asked: Asked) -> Answer:
    return Answer(body={"state": "Running"})


# ---------------------------------------------------------------- the packages that are kept

_BLOB = r"/blobs/app-package/(kept/[\w-]+\.zip)"


@ROUTES.on("GET", "/blobs/app-package")
def _blobs(azure: Azure, asked: Asked) -> Answer:
    start = datetime.datetime(2026, 11, 27, tzinfo=datetime.UTC)
    found = "".join(
        f"<Blob><Name>{name}</Name><Properties><BlobType>BlockBlob</BlobType><Last-Modified>"
        f"{format_datetime(start + datetime.timedelta(minutes=minute), usegmt=True)}"
        "</Last-Modified></Properties></Blob>"
        for minute, name in enumerate(azure.blobs)
        if name.startswith(asked.query["prefix"])
    )
    listing = f"<EnumerationResults><Blobs>{found}</Blobs><NextMarker/></EnumerationResults>"
    return Answer(body=listing, headers={"Content-Type": "application/xml"})


@ROUTES.on("PUT", _BLOB)
def _keep(azure: Azure, asked: Asked, name: str) -> Answer:
    azure.blobs.pop(name, None)
    azure.blobs[name] = asked.body
    return Answer(201, "")


@ROUTES.on("GET", _BLOB)
@ROUTES.on("HEAD", _BLOB)
def _kept(azure: Azure, asked: Asked, name: str) -> Answer:
    if name not in azure.blobs:
        return Answer(404, "", {"x-ms-error-code": "BlobNotFound"})
    content = azure.blobs[name]
    return Answer(
        206 if asked.method == "GET" else 200,
        content,
        {
            "Content-Range": f"bytes 0-{len(content) - 1}/{len(content)}",
            "Content-Type": "application/zip",
            "ETag": '"1"',
            "Last-Modified": "Fri, 27 Nov 2026 00:00:00 GMT",
            "x-ms-blob-type": "BlockBlob",
        },
    )


@ROUTES.on("DELETE", _BLOB)
def _drop(azure: Azure, asked: Asked, name: str) -> Answer:
    del azure.blobs[name]
    return Answer(202, "")


# ---------------------------------------------------------------- what the live check asks


@ROUTES.on("GET", r"/tables/Tables")
def _tables(azure: Azure, asked: Asked) -> Answer:
    return listed()


@ROUTES.on("GET", r"/queues/([\w-]+)")
def _queue(azure: Azure, asked: Asked, name: str) -> Answer:
    return Answer(body="", headers={"x-ms-approximate-messages-count": "0"})


@ROUTES.on("POST", "/openai/v1/chat/completions")
def _complete(azure: Azure, asked: Asked) -> Answer:
    message = {"role": "assistant", "content": "ok"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return Answer(
        body={
            "id": "c",
            "object": "chat.completion",
            "created": 0,
            "model": "gpt",
            "choices": [choice],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    )


@ROUTES.on("GET", r"/im/v2/accounts/[^/]+")
def _account(azure: Azure, asked: Asked) -> Answer:
    return Answer(body={"code": 200, "data": {}})


@ROUTES.on("POST", "/api/webhook")
def _webhook(azure: Azure, asked: Asked) -> Answer:
    return Answer(body={"status": "ok"})
