"""Every management client of Microsoft's SDKs at one door, with a note of which operations were called."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from inspect import signature
from typing import Any

from azure.core.paging import ItemPaged
from azure.core.polling import LROPoller
from both_doors import Door

from cmgsim.arm.coverage import SCOPE
from cmgsim.arm.service import ArmService

EAST: dict[str, Any] = {"location": "eastus"}
ACCOUNT: dict[str, Any] = EAST | {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


class Noted:
    """The operations of one group; calling one gives its last answer: a result, or the list of all pages."""

    def __init__(self, azure: Azure, group: str, members: Any) -> None:
        self._azure, self._group, self._members = azure, group, members

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._members, name)

        def call(*args: Any, **named: Any) -> Any:
            polling = self._azure.door.polling if name.startswith("begin_") else {}
            answer = operation(*args, **(polling | named))
            if isinstance(answer, LROPoller):
                answer = answer.result()
            if isinstance(answer, ItemPaged):
                answer = list(answer)
            self._azure.called.add(f"{self._group}.{name}")
            return answer

        return call


class Azure:
    """A subscription with everything registered, and ``azure.<group of operations>`` of any client in scope."""

    def __init__(self, door: Door, who: str = "owner") -> None:
        self.door, self.who = door, who
        self.id = door.subscription
        self.root = f"/subscriptions/{self.id}"
        self.called: set[str] = set()
        self._clients: dict[str, Any] = {}

    @property
    def service(self) -> ArmService:
        return self.door.service

    @property
    def now_us(self) -> int:
        return self.door.now_us

    @cached_property
    def group(self) -> str:
        """Make the group ``rg``; return its id."""
        return str(self.resource_groups.create_or_update("rg", EAST).id)

    def wait(self, seconds: float) -> None:
        self.door.wait(seconds)

    def client(self, module: str, name: str) -> Any:
        """Return a client of a class, always the same."""
        if name not in self._clients:
            kind = getattr(import_module(module), name)
            wanted = {"subscription_id": self.id} if "subscription_id" in signature(kind).parameters else {}
            self._clients[name] = kind(**wanted, **self.door.options(self.who))
        return self._clients[name]

    def __getattr__(self, group: str) -> Noted:
        if not group.startswith("_"):
            for known in SCOPE:
                if group in known.groups:
                    return Noted(self, group, getattr(self.client(known.module, known.name), group))
        raise AttributeError(f"no client in scope has the operations {group!r}")
