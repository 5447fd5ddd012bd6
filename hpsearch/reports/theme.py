"""Colours. Okabe and Ito's palette, which colour-blind people can tell apart, and its dark counterpart."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """Every colour that a figure may use. No two fields share one, so that the page can swap themes."""

    ink: str
    muted: str
    grid: str
    faint: str
    paper: str
    blue: str
    vermillion: str
    green: str
    purple: str
    orange: str
    sky: str
    yellow: str
    worst: str  # worst, middle and best are the stops of a scale
    middle: str
    best: str

    @property
    def series(self) -> tuple[str, ...]:
        """Colours for up to eight lines, the first ones the easiest to tell apart."""
        return (
            self.blue, self.vermillion, self.green, self.purple,
            self.orange, self.sky, self.yellow, self.ink,
        )  # fmt: skip


LIGHT = Theme(
    ink="#1d2433", muted="#5b6475", grid="#e4e7ee", faint="#a7afbd", paper="#ffffff",
    blue="#0072b2", vermillion="#d55e00", green="#009e73", purple="#cc79a7",
    orange="#e69f00", sky="#56b4e9", yellow="#a89a00",
    worst="#d3d9e4", middle="#5f9fd0", best="#0b3c6f",
)  # fmt: skip

DARK = Theme(
    ink="#e6e9f0", muted="#a2abbc", grid="#313848", faint="#677084", paper="#1a1f2b",
    blue="#4aa8e8", vermillion="#ff8a3d", green="#2fc79b", purple="#e39bc4",
    orange="#f5b83d", sky="#8fd0f7", yellow="#f0e442",
    worst="#56617c", middle="#3f86bf", best="#ffe27a",
)  # fmt: skip


def swaps() -> dict[str, str]:
    """Each light colour with its dark counterpart: the page replaces one by the other in its figures."""
    dark = asdict(DARK)
    return {light: dark[name] for name, light in asdict(LIGHT).items()}


PAGE = {  # what the page itself is coloured with, beside a theme's own
    "light": {"ground": "#f4f6f9", "mark": "#fff3e6"},
    "dark": {"ground": "#11151e", "mark": "#33291f"},
}


def variables() -> str:
    """The themes as CSS variables: light, dark where the reader's system is, and whichever the page's switch says."""
    light, dark = (_declared(theme, PAGE[name]) for theme, name in ((LIGHT, "light"), (DARK, "dark")))
    return (
        f":root {{ color-scheme: light; {light} }}\n"
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ color-scheme: dark; {dark} }} }}\n'
        f':root[data-theme="dark"] {{ color-scheme: dark; {dark} }}\n'
        f"@media print {{ :root:root {{ color-scheme: light; {light} }} }}\n"
    )


def _declared(theme: Theme, more: dict[str, str]) -> str:
    named = {
        "ink": theme.ink, "muted": theme.muted, "line": theme.grid, "paper": theme.paper, "faint": theme.faint,
        "accent": theme.blue, "strong": theme.vermillion, **more,
    }  # fmt: skip
    return " ".join(f"--{name}: {colour};" for name, colour in named.items())
