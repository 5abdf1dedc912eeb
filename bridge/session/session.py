"""One client's side of the conversation: messages in, messages out. No sockets, no clock of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import pairwise

from ...models.errors import AntiphonError, RequestError
from ...models.note import Note
from ..interfaces import House
from ..protocol import options as option_table
from ..protocol.arguments import check, identity, shortened, unknown
from ..protocol.options import AUTO, OPTIONS, OptionValue
from ..protocol.osc import MAX_DATAGRAM, Message, Outgoing, Value, encode
from ..protocol.table import CAPABILITIES, PROTOCOL, REPLY_TABLE, REQUEST_TABLE, Address
from .answer import Order
from .caller import Caller
from .contexts import Contexts
from .desk import Desk
from .loads import Loads
from .resolve import model_name, resolve

MAX_ECHO = 1024
"""Values that a ping may carry: T and F take no bytes but are echoed as four."""
log = logging.getLogger("antiphon.session")


class Session:
    """What the bridge knows of one client.

    Messages come through :meth:`handle` on one thread; the engine's replies come on others.

    Args:
        key: the client, as the engine's caches know it.
        house: what all sessions share.
        send: takes a reply and the port it goes to (0: where the request came from); may be called
            from any thread and must not block.
        lend: finds a context of the same id that another session of this host would lend.
        asked: finds the session of this host whose request of that id is running.
    """

    def __init__(
        self,
        key: Hashable,
        house: House,
        send: Callable[[Outgoing, int], None],
        lend: Callable[[Value], Session | None] = lambda name: None,
        asked: Callable[[Value], Session | None] = lambda name: None,
    ) -> None:
        self.key = key
        self.contexts = Contexts()
        self.settings: dict[str, OptionValue] = {}
        self.reply_port = 0
        self._greeted_port = 0
        """The one that it told in hello."""
        self.notified = False
        self.caller = Caller(house.clock)
        self._house = house
        self._send = send
        self._lend = lend
        self._asked = asked
        self._desk = Desk(key, house.engine, house.clock, send)
        self._loads = Loads(self.settings, house, self._desk.hold, self._reply)

    @property
    def weight(self) -> int:
        """What it costs to keep, in notes."""
        return self.contexts.weight + self._desk.weight

    @property
    def is_blank(self) -> bool:
        """Whether nothing would be missed if it were forgotten.

        Quick, as a new client has all others asked.
        """
        keeps = self.settings or self.reply_port or self.notified or self.contexts
        return not keeps and self._desk.is_blank

    def runs(self, name: Value) -> bool:
        """Return whether a request of that id is on its way."""
        return self._desk.runs(name)

    @property
    def is_waiting(self) -> bool:
        """Whether a request of the client is on its way, or a load."""
        return self._desk.is_busy

    @property
    def model(self) -> str:
        """The client's model; raises RequestError ``unknown_model`` when there is none at all."""
        return str(self.settings.get("model") or self._house.models.default)

    def handle(self, message: Message) -> None:
        """Answer one message. Never raises: what goes wrong becomes ``/antiphon/fail``."""
        if message.address in REPLY_TABLE and message.address not in REQUEST_TABLE:
            return  # an echo or another bridge: answering would let two programs fail at each other for ever
        entry = REQUEST_TABLE.get(message.address)
        if entry is None and self.caller.strays():
            return
        self.caller.says(message.address if entry else "")
        try:
            if entry is None:
                raise unknown(message.address)
            _VERBS[message.address](self, *check(entry, message.args))
        except RequestError as error:
            self._fail(message, error.code, str(error))
        except AntiphonError as error:
            self._fail(message, "bad_args", str(error))
        except Exception:
            log.exception("%s failed", message.address)
            self._fail(message, "model_error", "the bridge made a mistake; its log says more")

    def reject(self, address: str, reason: str) -> None:
        """Answer something that is not a message."""
        if address in REPLY_TABLE or self.caller.strays():
            return
        self._reply("/antiphon/fail", address[:255], "bad_args", f"not a usable OSC message: {reason}")

    def tick(self) -> None:
        """Give up requests that take too long; called now and then."""
        self._desk.tick()

    def close(self, reason: str = "the bridge lets this client go") -> None:
        """Cancel everything, for a client that is forgotten, or as told."""
        self._desk.close(reason)
        self._loads.close(reason)

    def tell(self, address: str, *args: Value) -> None:
        """Send a notification, if the client wants them."""
        if self.notified:
            self._reply(address, *args)

    def _reply(self, address: str, *args: Value) -> None:
        self._send(Message(address, args), self.reply_port)

    def _fail(self, message: Message, code: str, text: str) -> None:
        """Answer with the id where the verb has one, else with the address."""
        entry = REQUEST_TABLE.get(message.address)
        name: Value | None = None
        if entry is not None and entry.arguments and entry.arguments[0].kind == "id" and message.args:
            name = identity(message.args[0])
        told = _told_port(entry, message.args)
        about = message.address[:255] if name is None else name
        failed = Message("/antiphon/fail", (about, code, shortened(text)))
        self._send(failed, self.reply_port if told is None else told)

    def _hello(self, reply_port: int | None, client: str | None, protocol: int | None) -> None:
        if reply_port is not None and not 0 <= reply_port <= 65535:
            raise RequestError("bad_args", f"reply_port {reply_port} must be in range 0..65535")
        if client is not None and self.caller.is_another(client):
            self._begin_anew()
        if reply_port is not None:
            self.reply_port = self._greeted_port = reply_port
        if protocol is not None and protocol > PROTOCOL:
            log.info("client %.64s speaks protocol %d, this bridge %d", client or "", protocol, PROTOCOL)
        self._reply("/antiphon/hello/reply", "antiphon", self._house.version, PROTOCOL, self.reply_port,
                    ",".join(CAPABILITIES))  # fmt: skip

    def _begin_anew(self) -> None:
        """Forget what a program wanted that had the port before; who tells a name has told a reply port."""
        self._loads.begin_anew()
        self.contexts = Contexts()
        self.notified = False

    def _ping(self, values: tuple[Value, ...]) -> None:
        if len(values) > MAX_ECHO:
            raise RequestError("too_large", f"{len(values)} values, the limit of an echo is {MAX_ECHO}")
        pong = Message("/antiphon/pong", values)
        if (size := len(encode(pong))) > MAX_DATAGRAM:
            raise RequestError("too_large", f"the echo has {size} bytes, the limit is {MAX_DATAGRAM}")
        self._send(pong, self.reply_port)

    def _status(self) -> None:
        self._desk.settle()  # else it would tell of the request before that which is just done
        models = self._house.models
        ready = int(models.is_loaded(self.model))
        self._reply("/antiphon/status/reply", PROTOCOL, self.model, ready, self._house.engine.queued,
                    self._desk.last_ms)  # fmt: skip

    def _models(self) -> None:
        models = self._house.models.models()
        for info in models:
            card = info.manifest
            parts = ",".join(part.name or str(index) for index, part in enumerate(card.parts))
            self._reply("/antiphon/model", info.name, card.title, ",".join(card.tasks), parts, info.megabytes)
        self._reply("/antiphon/models/done", len(models))

    def _load(self, name: str) -> None:
        self._loads.load(name)

    def _params(self) -> None:
        for known in OPTIONS:
            default = 0.0 if isinstance(known.default, str) else float(known.default)
            limits = (float(known.low), option_table.highest(known), default)
            self._reply("/antiphon/param", known.key, known.type, *limits, known.doc)
        self._reply("/antiphon/params/done", len(OPTIONS))

    def _set(self, pairs: tuple[Value, ...]) -> None:
        values = option_table.parse(pairs)
        if values.get("model", AUTO) != AUTO:
            self._house.models.info(str(values["model"]))
        with self._loads.lock:
            for key, value in values.items():
                if value == AUTO:
                    self.settings.pop(key, None)
                else:
                    self.settings[key] = value
            if values.get("bars", AUTO) != AUTO:
                self.settings.pop("beats", None)
        if "reply_port" in values:
            self.reply_port = int(self.settings.pop("reply_port", self._greeted_port))
        for key in values:
            self._get(key)

    def _get(self, key: str) -> None:
        known = option_table.option(key)
        value = self.reply_port if key == "reply_port" else self.settings.get(key, known.default)
        self._reply("/antiphon/get/reply", key, value)

    def _context(self, name: Value, seq: int, of: int, _n: int, notes: tuple[Note, ...]) -> None:
        whole = self.contexts.add(name, seq, of, notes)
        self._reply("/antiphon/ack", name, seq)
        if whole:
            # Not at once: in a flood, workers would keep the receiving thread from the system's buffer.
            self._house.lull.add((self.key, name), lambda: self._prime(name))

    def _prime(self, name: Value) -> None:
        """Have a context read before anybody asks for what follows it."""
        notes = self.contexts.whole(name)
        if not notes:
            return
        try:
            card = self._house.models.info(self.model).manifest
            request = resolve(self.settings, {}, notes, card, 0)
            self._house.engine.prime((self.key, name), request, self.key)
        except RequestError as error:  # the request to come will say so; this context has arrived
            log.info("no priming: %s", error)

    def _generate(self, name: Value, pairs: tuple[Value, ...]) -> None:
        self._ask("generate", name, option_table.parse(pairs), None)

    def _continue(self, name: Value, pairs: tuple[Value, ...]) -> None:
        values = option_table.parse(pairs)
        owner = self if name in self.contexts else self._lend(name) or self
        self._ask("continue", name, values, owner.contexts.get(name), (owner.key, name))
        self._house.lull.drop((owner.key, name))  # the request has it read

    def _ask(
        self,
        verb: str,
        name: Value,
        values: dict[str, OptionValue],
        context: tuple[Note, ...] | None,
        key: Hashable = None,
    ) -> None:
        """Start a request, to generate without a context, else to continue it."""
        card = self._house.models.info(model_name(values, self.model)).manifest
        settings = dict(self.settings)
        port = values.get("reply_port", AUTO)
        request = resolve(settings, values, context, card, self._house.new_seed())
        order = Order(
            id=name,
            signature=(verb, tuple(sorted(values.items())), tuple(sorted(settings.items())), context),
            single=values.get("mode", settings.get("mode", "chunk")) == "single",
            reply_port=self.reply_port if port == AUTO else int(port),
            takes=request.takes,
        )
        self._desk.ask(order, request, key)

    def _resend(self, name: Value, take: int, seqs: tuple[int, ...]) -> None:
        self._desk.resend(name, take, seqs)

    def _cancel(self, name: Value) -> None:
        # A program that sends each message from another port, as oscsend does, cancels from a new one, too.
        owner = self._asked(name) if self.caller.cancels_others else None
        (owner or self)._desk.cancel(name)

    def _notify(self, on: int) -> None:
        self.notified = bool(on)
        self._reply("/antiphon/notify/reply", int(self.notified))
        self.tell("/antiphon/startup", self._house.version)

    def _sync(self, number: int) -> None:
        self._desk.when_idle(lambda: self._reply("/antiphon/synced", number))


def _told_port(entry: Address | None, args: Sequence[Value]) -> int | None:
    """Return the reply_port that a refused request names, so that its client hears of it; else None.

    An id may be called so, too: options are told from it where the address is known.
    """
    pairs: Iterable[tuple[Value, Value]] = pairwise(args)
    if entry is not None:
        at = next((i for i, each in enumerate(entry.arguments) if each.kind == "options"), len(args))
        pairs = zip(args[at::2], args[at + 1 :: 2], strict=False)
    for key, value in pairs:
        if key == "reply_port":
            try:
                port = option_table.coerce(option_table.option("reply_port"), value)
            except RequestError:
                return None
            return None if port == AUTO else int(port)
    return None


_VERBS: dict[str, Callable[..., None]] = {
    "/antiphon/hello": Session._hello,
    "/antiphon/ping": Session._ping,
    "/antiphon/status": Session._status,
    "/antiphon/models": Session._models,
    "/antiphon/load": Session._load,
    "/antiphon/params": Session._params,
    "/antiphon/set": Session._set,
    "/antiphon/get": Session._get,
    "/antiphon/context": Session._context,
    "/antiphon/generate": Session._generate,
    "/antiphon/continue": Session._continue,
    "/antiphon/resend": Session._resend,
    "/antiphon/cancel": Session._cancel,
    "/antiphon/notify": Session._notify,
    "/antiphon/sync": Session._sync,
}
