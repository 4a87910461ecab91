"""Everything an operator can set, from the environment or a `.env` file.

Commands read it once and pass it on; no other module reads a setting from the environment.
docs/reference/settings.md explains each setting, and a test checks that it names them all.
"""

import secrets
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AnyHttpUrl, Field, SecretStr, TypeAdapter, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from checkins.checkin import MIN_RETENTION_WEEKS
from directory.team import Team
from directory.text import FORMULA_START

ROOT = Path(__file__).resolve().parent.parent


Nation = Literal["england", "scotland", "wales", "northern_ireland"]

# 0 takes any free port.
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """Field names are the environment's variable names in lower case."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore")

    connector_var: Path = ROOT / "var"
    connector_secret: Annotated[SecretStr, Field(min_length=16)] | None = None
    directory_database_url: str = ""
    checkins_database_url: str = ""

    web_host: str = "127.0.0.1"
    web_port: Port = 8080
    web_base_url: str = ""
    web_origins: list[str] = ["*"]
    web_messages_a_minute: Annotated[int, Field(ge=0)] = 60
    web_proxies: list[str] = ["127.0.0.1"]
    actions_port: Port = 5055
    rasa_port: Port = 5005
    rasa_timeout: float = 5.0

    telegram_bot_token: SecretStr | None = None
    telegram_base_url: str = ""
    telegram_webhook_url: str = ""
    telegram_webhook_secret: SecretStr | None = None

    navigator_name: str = ""
    navigator_phone: str = ""
    navigator_email: str = ""
    navigator_hours: str = ""

    fetch_private: bool = False

    nation: Nation = "england"
    checkin_questions: str = "core"
    checkin_questions_file: Path | None = None
    # This year so far and all of the last one, so that a year can be compared with the one before.
    checkin_retention_weeks: Annotated[int, Field(ge=MIN_RETENTION_WEEKS, le=520)] = 106
    checkin_sends_a_day: Annotated[int, Field(ge=0)] = 30
    checkin_areas: list[str] = [
        "Harbourside",
        "Old Town",
        "Northgate",
        "Millfields",
        "Priory Park",
        "Eastmoor",
        "Sandhills",
        "Station Quarter",
        "Little Larkham",
    ]

    @field_validator("web_base_url")
    @classmethod
    def _normalise_address(cls, address: str) -> str:
        """The address as browsers write it in `Origin`, without a final slash."""
        if not address:
            return ""
        url = TypeAdapter(AnyHttpUrl).validate_python(address)
        if url.username or url.password or url.query is not None or url.fragment is not None:
            raise ValueError("write no more than the address, such as https://connector.example")
        return str(url).rstrip("/")

    @field_validator("checkin_areas")
    @classmethod
    def _refuse_formulas(cls, areas: list[str]) -> list[str]:
        # A release's tables hold area names as they are, and people open them in a spreadsheet.
        if wrong := [area for area in areas if FORMULA_START.match(area.lstrip())]:
            raise ValueError(
                f"{wrong[0][:40]!r} begins like a formula; begin it with a letter or a number"
            )
        return areas

    @property
    def team(self) -> Team:
        return Team(
            name=self.navigator_name,
            phone=self.navigator_phone,
            email=self.navigator_email,
            hours=self.navigator_hours,
        )

    @property
    def directory_url(self) -> str:
        return self.directory_database_url or f"sqlite:///{self.connector_var / 'directory.db'}"

    @property
    def checkins_url(self) -> str:
        return self.checkins_database_url or f"sqlite:///{self.connector_var / 'checkins.db'}"

    @property
    def encoder_folder(self) -> Path:
        return self.connector_var / "encoder"

    def read_secret(self) -> bytes:
        """The key that hashes senders and signs check-ins and sessions.

        Without CONNECTOR_SECRET, a random key is made once and read from a file from then on.
        """
        if self.connector_secret is not None:
            return self.connector_secret.get_secret_value().encode()
        path = self.connector_var / "secret.key"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Renamed once complete, so that no start ever reads half a key.
            unfinished = path.with_suffix(".part")
            unfinished.touch(mode=0o600)
            unfinished.write_text(secrets.token_hex(32))
            unfinished.rename(path)
        return path.read_text().encode()
