"""Every error that Antiphon raises on purpose.

AntiphonError
├── MusicError          a music file that cannot be read, named with the reason
│   └── AbcError        a tune that cannot be read; carries line and column
├── CodecError          notes or tables that contradict the codec
├── ModelFileError      not a model, truncated, too new, or contradicting its manifest
├── ConfigError         a wrong option or configuration key
├── DatasetError        a data set that is missing, unfinished or contradicts itself
├── ExportError         a run that cannot be exported, or whose export failed verification
└── RequestError        a request that cannot be answered; carries a protocol code
"""


class AntiphonError(Exception):
    """Root of all errors raised on purpose; its message says what to do."""


class MusicError(AntiphonError):
    """A music file that cannot be read: the message holds the file's name and the reason."""


class AbcError(MusicError):
    """A tune in ABC notation that cannot be read.

    Args:
        message: what is wrong, and what to do.
        line: where, from 1; 0 where it is the tune as a whole.
        column: where in the line, from 1.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"ABC line {line}, column {column}: {message}" if line else f"ABC: {message}")
        self.line, self.column = line, column


class CodecError(AntiphonError):
    """Notes or tables that contradict the codec."""


class ModelFileError(AntiphonError):
    """A model file that is not ours, truncated, too new, or contradicting its manifest."""


class ConfigError(AntiphonError):
    """A wrong option or configuration key; the message names it."""


class DatasetError(AntiphonError):
    """A data set that is missing, unfinished or contradicts itself."""


class ExportError(AntiphonError):
    """A run that cannot be exported, or whose exported file failed its verification."""


class RequestError(AntiphonError):
    """A request that cannot be answered.

    Args:
        code: one of the protocol's failure codes, such as ``bad_args``.
        message: a sentence that helps.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
