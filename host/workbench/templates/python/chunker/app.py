"""{{Name}}: a chunk method. A few neighbouring sentences make a chunk; tables stay apart."""

import json
import re
import unicodedata

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.chunker import Chunk, ChunkKind, Chunks
from wit_world.imports import log, tokens, types
from wit_world.imports.document import BlockKind

# The host checks every configuration against this before any work starts, and fills in the defaults.
SCHEMA = {
    "type": "object",
    "properties": {
        "sentences_per_chunk": {
            "description": "Sentences in a chunk.", "type": "integer", "minimum": 1, "maximum": 50, "default": 3,
        },
        "chunk_token_num": {
            "description": "Most tokens of a chunk.", "type": "integer", "minimum": 1, "maximum": 2048, "default": 512,
        },
    },
}
# What repeats on every page, and what has no text.
SKIPPED = {BlockKind.PAGE_HEADER, BlockKind.PAGE_FOOTER, BlockKind.PAGE_NUMBER, BlockKind.TOC_ENTRY, BlockKind.SEPARATOR}
WINDOW = 256
# A sentence ends after `.`, `!` or `?` before white space, and after their full-width sisters.
END = re.compile(r"[.!?]\s+(?=(\S))|[。！？]+\s*")

# Letters whose pairs are flags; skin tones, tags, and the vowels and finals of Korean syllables.
FLAG = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
CLINGING = frozenset(map(chr, [*range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080), *range(0x1160, 0x1200)]))


class Chunker(exports.Chunker):
    """What the component exports; the name is the interface's."""

    def describe(self) -> types.Descriptor:
        summary = "One chunk for every few sentences, written in Python"
        return types.Descriptor("{{name}}", "0.1.0", summary, json.dumps(SCHEMA), [])

    def split(self, input, config: str) -> Chunks:
        try:
            return split(input, config)
        except Err:
            raise
        except Exception as error:
            # The component has no standard error, and no files for `traceback` to read: say here what went wrong.
            at = error.__traceback__
            while at.tb_next:
                at = at.tb_next
            raise Err(types.Error_Internal(f"{type(error).__name__}: {error} (line {at.tb_lineno})")) from None


def split(input, config: str) -> Chunks:
    splitter = Splitter(read_settings(config))
    total, position = max(input.summary().blocks, 1), 0
    # In windows, so that a large document never stands in memory whole.
    while window := input.read(position, WINDOW):
        for block in window:
            splitter.take(block)
        position += len(window)
        log.progress(min(position / total, 1.0), "chunking")
    splitter.flush()
    return Chunks(splitter.chunks, [])


def read_settings(config: str) -> dict:
    given = json.loads(config or "{}")
    settings = {}
    for name, rule in SCHEMA["properties"].items():
        value = given.get(name, rule["default"])
        if not isinstance(value, int) or not rule["minimum"] <= value <= rule["maximum"]:
            message = f"{value!r} is not a whole number from {rule['minimum']} to {rule['maximum']}"
            raise Err(types.Error_InvalidConfig(types.FieldError(name, message)))
        settings[name] = value
    return settings


class Splitter:
    """Chunks made so far, and the one that is growing."""

    def __init__(self, settings: dict):
        self.most, self.limit = settings["sentences_per_chunk"], settings["chunk_token_num"]
        self.chunks, self.headings = [], []
        self.text, self.sentences, self.blocks, self.context = "", 0, [], []

    def take(self, block):
        text = block.text.strip()
        if not text or block.kind in SKIPPED:
            return
        if block.kind in (BlockKind.TITLE, BlockKind.HEADING):
            # A heading begins a chunk, and stands in the context of those that follow.
            self.flush()
            level = 0 if block.kind is BlockKind.TITLE else max(block.level, 1)
            self.headings = [above for above in self.headings if above[0] < level]
            self.add(text, block.id, counts=False)
            self.headings.append((level, " ".join(text.split())))
        elif block.kind is BlockKind.TABLE:
            self.flush()
            for rows in table_pieces(block, self.limit):
                self.chunks.append(chunk(rows, ChunkKind.TABLE, [block.id], self.path()))
        else:
            for sentence in sentences(text):
                self.add(sentence, block.id)

    def add(self, sentence: str, block: int, counts=True):
        joint = "" if not self.text or self.text[-1] in "。！？" else " "
        joint = "\n" if self.text and self.blocks[-1] != block else joint
        grown = self.text + joint + sentence
        if self.text and (self.sentences == self.most or not fits(grown, self.limit)):
            self.flush()
            grown = sentence
        *full, last = pieces(grown, self.limit) if not self.text else [grown]
        for piece in full:
            self.chunks.append(chunk(piece, ChunkKind.TEXT, [block], self.path()))
        if not self.text:
            self.context = self.path()
        self.text, self.sentences = last, self.sentences + counts
        if self.blocks[-1:] != [block]:
            self.blocks.append(block)

    def flush(self):
        if self.text:
            self.chunks.append(chunk(self.text, ChunkKind.TEXT, self.blocks, self.context))
        self.text, self.sentences, self.blocks = "", 0, []

    def path(self):
        return [text for _, text in self.headings]


def chunk(text, kind, blocks, context) -> Chunk:
    return Chunk(
        text, kind, blocks, places=[], context=context, keywords=[], questions=[], tags=[], fields=[], parent=None
    )


def sentences(text: str):
    start = 0
    for mark in END.finditer(text):
        # `e.g. this` goes on in lower case.
        if not (mark[1] or "").islower():
            yield text[start : mark.end()].strip()
            start = mark.end()
    if text[start:].strip():
        yield text[start:].strip()


def table_pieces(block, limit: int):
    """The rows of a table, packed to the limit, below its header rows."""
    rows = block.text.split("\n")
    plain = {cell.row for cell in block.table.cells if not cell.header} if block.table else {0}
    above = min(min(plain, default=len(rows)), len(rows) - 1)
    header = "".join(row + "\n" for row in rows[:above])
    if not fits(header + max(rows[above:], key=len), limit):
        header, above = "", 0
    piece = ""
    for row in rows[above:]:
        if piece and not fits(f"{piece}\n{row}", limit):
            yield piece
            piece = ""
        if piece:
            piece = f"{piece}\n{row}"
        else:
            *full, piece = pieces(header + row, limit) or [""]
            yield from full
    if piece.strip():
        yield piece


def fits(text: str, limit: int) -> bool:
    # A token has at least one byte, so that short texts need not be counted.
    return len(text) * 4 <= limit or tokens.count([text])[0] <= limit


def pieces(text: str, limit: int) -> list:
    """Cuts a text that is too long, never between a letter and its marks."""
    found, start = [], 0
    while start < len(text):
        if text[start].isspace():
            start += 1
            continue
        # As much as `limit` tokens may be; counting all of what follows every time would take quadratic time.
        window = text[start : start + 16 * limit]
        cuts = tokens.cuts(window, limit)
        size = len(window.encode()[: cuts[0]].decode()) if cuts else len(window)
        end = start + size
        while end > start + 1 and (joined(text, start, end) or not fits(text[start:end].rstrip(), limit)):
            end -= 1
        # A letter with more marks than fit is cut after all.
        end = end if end > start + 1 else start + size
        found.append(text[start:end].rstrip())
        start = end
    return found


def joined(text: str, start: int, at: int) -> bool:
    """True where no reader sees a boundary: before marks, around joiners, between the halves of a flag or a syllable."""
    if at >= len(text):
        return False
    flag = 0
    while text[at] in FLAG and at - flag > start and text[at - flag - 1] in FLAG:
        flag += 1
    mark = unicodedata.category(text[at]) in ("Mn", "Me", "Mc")
    return mark or flag % 2 == 1 or text[at] in CLINGING or "\u200d" in text[at - 1 : at + 1]
