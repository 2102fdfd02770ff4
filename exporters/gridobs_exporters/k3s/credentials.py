"""How requests show who asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Token:
    """The token of a ServiceAccount, read for every request: the kubelet replaces the file before it expires."""

    path: Path | None

    def __call__(self) -> dict[str, str]:
        """The header to send; none if a client certificate speaks for us.

        Raises:
            OSError: If the file cannot be read, or holds no token.
        """
        if self.path is None:
            return {}
        try:
            token = self.path.read_text(encoding="ascii").strip()
        except UnicodeError as error:
            raise OSError(f"{self.path} holds no token") from error
        if not token or not token.isprintable():
            raise OSError(f"{self.path} holds no token")
        return {"Authorization": f"Bearer {token}"}
