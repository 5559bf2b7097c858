"""The build context of a chainlet, once its chain has been generated."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from async_emulator.errors import NotAChain
from async_emulator.paths import chainlet_path
from async_emulator.trusses.chain import BuiltChain, Chainlet

_DYNAMIC_CONFIG = "dynamic_chainlet_config"
"""The file in which a chainlet finds the urls of its dependencies."""


class GeneratedChain:
    """The last generation of a chain. `base_url` is that of the emulator, which passes the calls on."""

    def __init__(self, chain_file: Path, base_url: str, chain_id: str) -> None:
        self.file = chain_file
        self.built: BuiltChain | None = None
        self._base_url = base_url
        self._chain_id = chain_id

    def urls(self) -> dict[str, dict[str, str]]:
        """Return the text that the platform mounts: the url of every chainlet, by its display name."""
        chainlets = self.built.chainlets if self.built else ()
        return {each.display_name: {"predict_url": self._url_of(each.name)} for each in chainlets}

    def _url_of(self, chainlet: str) -> str:
        return self._base_url + chainlet_path(self._chain_id, chainlet)


class ChainletSource:
    """One chainlet of a generated chain: the one with this class name, or the entrypoint. See TrussSource."""

    def __init__(
        self, chain: GeneratedChain, stubs: Mapping[str, Path], chainlet_name: str | None = None
    ) -> None:
        self._chain = chain
        self._stubs = stubs
        self._chainlet_name = chainlet_name

    @property
    def name(self) -> str:
        """The chainlet's name; until it is known, the file's."""
        return self.chainlet or self._chain.file.stem

    @property
    def chainlet(self) -> str | None:
        """The chainlet's name; None until the chain has been generated."""
        return self._find(self._chain.built).name if self._chain.built else None

    @property
    def place(self) -> str:
        """The chain's file and the chainlet's name."""
        return f"{self._chain.file}: {self.name}"

    @property
    def stub(self) -> Path | None:
        """The file of its stand-in, if it has one."""
        return self._stubs.get(self.name)

    async def context(self, _: Callable[[str], None]) -> Path:
        """Return the build context, which exists since the chain was generated."""
        if self._chain.built is None:
            raise NotAChain(f"{self._chain.file}: the chain has not been generated")
        return self._find(self._chain.built).context

    def dynamic_config(self) -> Mapping[str, str]:
        """Return the urls of all chainlets, in the file where truss_chains reads them."""
        return {_DYNAMIC_CONFIG: json.dumps(self._chain.urls())}

    def _find(self, chain: BuiltChain) -> Chainlet:
        if self._chainlet_name is None:
            return chain.entrypoint
        return next(each for each in chain.chainlets if each.name == self._chainlet_name)
