"""All that the desk keeps, opened together on one directory's database."""

from sqlalchemy import Engine

from directory.desk.accounts import Accounts
from directory.desk.history import History
from directory.desk.signins import SignIns


class Office:
    """`accounts` that may sign in, `signins` of those who are, and the `history` of listings."""

    def __init__(self, engine: Engine, secret: bytes) -> None:
        self.accounts = Accounts(engine, secret)
        self.signins = SignIns(engine)
        self.history = History(engine)
