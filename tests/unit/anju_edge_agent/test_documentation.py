import re
from pathlib import Path

from anju_edge_agent.profile_reader import load_profile

HOWTO = Path(__file__).parents[3] / "docs" / "howto" / "add-a-device.md"


def test_the_profiles_that_the_documentation_shows_are_sound(tmp_path: Path) -> None:
    shown = [
        text for text in re.findall(r"```toml\n(.*?)```", HOWTO.read_text("utf-8"), re.DOTALL) if "model =" in text
    ]
    models = []
    for number, text in enumerate(shown):
        file = tmp_path / f"shown-{number}.toml"
        file.write_text(text, encoding="utf-8")
        models.append(load_profile(file).model)
    assert models == ["acme-h1", "acme-dds", "acme-l1"]
