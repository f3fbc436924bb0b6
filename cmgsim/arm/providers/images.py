"""Machine images, of which only the versions are asked for, by whoever makes a scale set.

Assumption: every image that is asked for exists, in every region and in one version.
"""

from __future__ import annotations

from cmgsim.arm.calls import Call
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.state import Cloud
from cmgsim.arm.types import Handler

_VERSION = "1.0.0"
_ROUTE = "subscription/microsoft.compute/locations/publishers/artifacttypes/offers/skus/versions"


def list_versions(cloud: Cloud, call: Call) -> Answer:
    """List the versions of an image (source: "Virtual Machine Images - List", REST reference): a bare list."""
    return Answer(200, [_image(call, f"{call.request.path}/{_VERSION}", _VERSION)])


def get(cloud: Cloud, call: Call) -> Answer:
    """Describe one version of an image."""
    properties = {"osDiskImage": {"operatingSystem": "Windows"}, "dataDiskImages": [], "hyperVGeneration": "V1"}
    return Answer(200, _image(call, call.request.path, call.target.name) | {"properties": properties})


def _image(call: Call, path: str, version: str) -> Json:
    return {"id": path, "name": version, "location": call.target.names[0]}


ROUTES: dict[tuple[str, str], Handler] = {("GET", _ROUTE): list_versions, ("GET", f"{_ROUTE}/*"): get}
