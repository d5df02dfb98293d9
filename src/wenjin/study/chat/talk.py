"""Conversations with the models of this machine, as the pages see them: what was said, which models there are, the
server that runs one of them, and the answers under way."""

from wenjin.study.chat.answers import Answers
from wenjin.study.chat.commands import Commands, Models
from wenjin.study.chat.server import ModelServer
from wenjin.study.store.chats import Chats
from wenjin.study.store.log import Log
from wenjin.study.store.places import Places


class Talk:
    """Nothing is started before a model is asked."""

    def __init__(self, log: Log, places: Places, commands: Commands) -> None:
        self.chats = Chats(log, places)
        self.models = Models(commands, places)
        self.server = ModelServer(self.models)
        self.answers = Answers(self.chats, self.server)

    def start(self) -> None:
        """End what a kill cut off, before anything new begins. A store that fails says so on the pages."""
        self.chats.settle()

    def close(self) -> None:
        self.answers.close()
