"""Protocol 1 as tables: dispatch, validation, ``/antiphon/fail`` and the reference page read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

PROTOCOL = 1
HOST = "127.0.0.1"
PORT = 7374
NOTES_A_DATAGRAM = 48
"""Max shows 256 elements of a list at most, macOS takes datagrams of 9216 bytes by default."""
TEXT_A_DATAGRAM = 400
"""Characters of /antiphon/text: hosts that keep text in symbols have short ones."""
DATAGRAMS_A_SLOT = 32
SLOT_SECONDS = 0.005
"""Linux' default receive buffer holds 256 small datagrams: so paced, every client tried gets them all."""
VALUES_A_NOTE = 5
MAX_CONTEXT_NOTES = 4096
"""Eight times what a model looks back on."""
SEED_BITS = 24
"""Of seeds that nobody named: Pd and Max hold them exactly as 32-bit floats."""
CAPABILITIES = ("generate", "continue", "resend", "cancel", "notify", "sync", "single")

Kind = Literal["id", "int", "float", "str", "any", "notes", "options", "ints", "values"]


class FailCode(StrEnum):
    """The codes of ``/antiphon/fail``."""

    UNKNOWN_ADDRESS = "unknown_address"
    BAD_ARGS = "bad_args"
    UNKNOWN_MODEL = "unknown_model"
    NO_CONTEXT = "no_context"
    BUSY = "busy"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    TOO_LARGE = "too_large"
    MODEL_ERROR = "model_error"


FAIL_DOCS: Mapping[FailCode, str] = {
    FailCode.UNKNOWN_ADDRESS: "no such address; the message names the nearest one",
    FailCode.BAD_ARGS: "an argument or option is missing, unknown or out of range, or this is not OSC",
    FailCode.UNKNOWN_MODEL: "the bridge has no model of that name; the message names the nearest one, or all",
    FailCode.NO_CONTEXT: "no context, or an incomplete one, was sent under this id",
    FailCode.BUSY: "too much is waiting already; ask again a little later",
    FailCode.TIMEOUT: "the request took too long and was given up",
    FailCode.CANCELLED: "the request was cancelled, or replaced by a newer one of the same id",
    FailCode.TOO_LARGE: "more notes than the bridge takes",
    FailCode.MODEL_ERROR: "the model could not be run; the bridge's log says more",
}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a message, or a tail of many."""

    name: str
    kind: Kind
    """id: string or whole number; any: one value; the plural ones take all that is left, notes five
    a note, options in pairs."""
    doc: str = ""
    optional: bool = False

    @property
    def is_tail(self) -> bool:
        """Whether it takes all that is left."""
        return self.kind in ("notes", "options", "ints", "values")


@dataclass(frozen=True, slots=True)
class Address:
    """One address, as a request or as a reply."""

    address: str
    arguments: tuple[Argument, ...]
    doc: str
    replies: tuple[str, ...] = ()
    """What answers it, in order."""


ID = Argument("id", "id", "the client's own name for it, string or whole number; every reply carries it")
_TAKE = Argument("take", "int", "which take, from 0")
_SEQ = Argument("seq", "int", "which message of the series, from 0")
_OF = Argument("of", "int", "how many messages the series has")
_COUNT = Argument("n", "int", "how many notes follow")
_NOTES = Argument("notes", "notes", "pitch start duration velocity part, for each note; beats")
_OPTIONS = Argument("options", "options", "key value …", optional=True)
_MODEL = Argument("model", "str", "its name")
_ON = Argument("on", "int", "1 or 0")
_NUMBER = Argument("n", "int", "any number")
_NOTE_VERB = (
    "/antiphon/ack", "/antiphon/progress", "/antiphon/notes", "/antiphon/note", "/antiphon/text",
    "/antiphon/done",
)  # fmt: skip

REQUESTS: tuple[Address, ...] = (
    Address(
        "/antiphon/hello",
        (
            Argument("reply_port", "int", "UDP port that replies go to; 0: the sender's", optional=True),
            Argument("client", "str", "the client's name; another than before begins anew", optional=True),
            Argument("protocol", "int", "the protocol it speaks", optional=True),
        ),
        "introduces a client and says where its replies go",
        ("/antiphon/hello/reply",),
    ),
    Address("/antiphon/ping", (Argument("values", "values", "anything", optional=True),),
            "is answered at once with the same arguments", ("/antiphon/pong",)),
    Address("/antiphon/status", (), "asks how the bridge is", ("/antiphon/status/reply",)),
    Address("/antiphon/models", (), "lists the models", ("/antiphon/model", "/antiphon/models/done")),
    Address("/antiphon/load", (_MODEL,), "loads a model and makes it this client's default",
            ("/antiphon/loaded",)),
    Address("/antiphon/params", (), "lists the options", ("/antiphon/param", "/antiphon/params/done")),
    Address("/antiphon/set", (Argument("options", "options", "key value …"),),
            "sets options for all requests of this client to come; auto takes a setting back",
            ("/antiphon/get/reply",)),
    Address("/antiphon/get", (Argument("key", "str", "the option"),), "asks for an option",
            ("/antiphon/get/reply",)),
    Address("/antiphon/context", (ID, _SEQ, _OF, _COUNT, _NOTES),
            "sends the notes to be continued, at most 48 a message, under the id of the request to come; "
            "a seq 0 that differs begins anew", ("/antiphon/ack",)),
    Address("/antiphon/generate", (ID, _OPTIONS), "asks for notes from nothing", _NOTE_VERB),
    Address("/antiphon/continue", (ID, _OPTIONS), "asks what follows the context of the same id", _NOTE_VERB),
    Address("/antiphon/resend", (ID, _TAKE, Argument("seqs", "ints", "the missing ones", optional=True)),
            "asks again for messages of a take that is done; without seqs for all of them and the done",
            ("/antiphon/notes", "/antiphon/note", "/antiphon/text", "/antiphon/done")),
    Address("/antiphon/cancel", (ID,), "stops a request", ("/antiphon/fail",)),
    Address("/antiphon/notify", (_ON,), "asks to be told of shutdown and new models",
            ("/antiphon/notify/reply", "/antiphon/startup", "/antiphon/shutdown", "/antiphon/model/added")),
    Address("/antiphon/sync", (_NUMBER,), "is answered once every request sent before has its last reply",
            ("/antiphon/synced",)),
)  # fmt: skip

REPLIES: tuple[Address, ...] = (
    Address("/antiphon/hello/reply", (
        Argument("name", "str", "antiphon"), Argument("version", "str", "the bridge's"),
        Argument("protocol", "int", "the protocol it speaks"),
        Argument("reply_port", "int", "where replies go"),
        Argument("capabilities", "str", "comma-separated"),
    ), "who answers"),
    Address("/antiphon/pong", (Argument("values", "values", "those of the ping"),), "the ping came back"),
    Address("/antiphon/status/reply", (
        Argument("protocol", "int", "the protocol it speaks"), Argument("model", "str", "the client's model"),
        Argument("ready", "int", "1 once that model is loaded"),
        Argument("queued", "int", "requests waiting or being answered"),
        Argument("last_ms", "float", "how long this client's last request took, request to done; 0 before"),
    ), "how the bridge is"),
    Address("/antiphon/model", (
        Argument("name", "str", "what requests call it"), Argument("title", "str", "what people call it"),
        Argument("tasks", "str", "verbs it was trained for, comma-separated"),
        Argument("parts", "str", "comma-separated"), Argument("megabytes", "float", "size of its file"),
    ), "one model"),
    Address("/antiphon/models/done", (Argument("count", "int", "how many there were"),), "that was the last"),
    Address("/antiphon/loaded", (_MODEL,), "the model is ready and this client's default"),
    Address("/antiphon/param", (
        Argument("key", "str", ""), Argument("type", "str", "i, f or s"), Argument("min", "float", ""),
        Argument("max", "float", ""), Argument("default", "float", "0 where it is text or auto"),
        Argument("doc", "str", ""),
    ), "one option"),
    Address("/antiphon/params/done", (Argument("count", "int", "how many there were"),), "that was the last"),
    Address("/antiphon/get/reply", (Argument("key", "str", "the option"), Argument("value", "any", "")),
            "what holds for this client"),
    Address("/antiphon/ack", (ID, _SEQ), "a context message or a request has arrived"),
    Address("/antiphon/progress", (ID, Argument("fraction", "float", "0 to 1")), "how far the request is"),
    Address("/antiphon/notes", (ID, _TAKE, _SEQ, _OF, _COUNT, _NOTES), "notes of a take"),
    Address("/antiphon/note", (
        ID, _TAKE, Argument("index", "int", "which note of the take, from 0"), Argument("pitch", "int", ""),
        Argument("start", "float", "beat"), Argument("duration", "float", "beats"),
        Argument("velocity", "int", ""), Argument("part", "int", ""),
    ), "one note, in mode single"),
    Address("/antiphon/text", (
        ID, _TAKE, Argument("text", "str", "at most 400 characters"), _SEQ, _OF,
    ), "a take as the model wrote it, in ABC; from models of text only, before the done"),
    Address("/antiphon/done", (
        ID, _TAKE, Argument("total", "int", "how many notes the take has"),
        Argument("end_beats", "float", "where the answer ends, on the client's timeline"),
        Argument("seed", "int", "what gives the same take again"),
        Argument("nats_per_note", "float", "how surprised the model was: lower is more typical"),
        Argument("texts", "int", "how many /antiphon/text the take has; left out for none", optional=True),
    ), "a take is complete"),
    Address("/antiphon/notify/reply", (_ON,), "whether this client is told"),
    Address("/antiphon/startup", (Argument("version", "str", ""),), "the bridge is ready"),
    Address("/antiphon/shutdown", (), "the bridge is going"),
    Address("/antiphon/model/added", (_MODEL,), "a model has been added"),
    Address("/antiphon/synced", (_NUMBER,), "everything before has been answered"),
    Address("/antiphon/fail", (
        Argument("id", "id", "the request's id, or the address where it has none"),
        Argument("code", "str", "one of the failure codes"),
        Argument("message", "str", "a sentence that helps"),
    ), "a request that cannot be answered"),
)  # fmt: skip

REQUEST_TABLE: Mapping[str, Address] = {entry.address: entry for entry in REQUESTS}
REPLY_TABLE: Mapping[str, Address] = {entry.address: entry for entry in REPLIES}
