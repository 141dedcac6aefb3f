// {{Name}}: a chunk method. A few neighbouring sentences make a chunk; tables stay apart.

import { progress } from "mortise:plugin/log@0.1.0";
import { count, cuts } from "mortise:plugin/tokens@0.1.0";

// The host checks every configuration against this before any work starts, and fills in the defaults.
const SCHEMA = {
  type: "object",
  properties: {
    sentences_per_chunk: {
      description: "Sentences in a chunk.", type: "integer", minimum: 1, maximum: 50, default: 3,
    },
    chunk_token_num: {
      description: "Most tokens of a chunk.", type: "integer", minimum: 1, maximum: 2048, default: 512,
    },
  },
};
// What repeats on every page, and what has no text.
const SKIPPED = new Set(["page-header", "page-footer", "page-number", "toc-entry", "separator"]);
const WINDOW = 256;
// A sentence ends after `.`, `!` or `?` before white space, and after their full-width sisters.
const END = /[.!?]\s+(?=(\S))|[。！？]+\s*/gu;
// No reader sees a boundary before these (first and last code point): combining marks, vowel signs, selectors, skin
// tones, tags. The engine has no Unicode tables of its own; add ranges for further scripts.
const MARKS = [
  [0x300, 0x36f], [0x483, 0x489], [0x591, 0x5c7], [0x610, 0x61a], [0x64b, 0x670], [0x6d6, 0x6ed], [0x93a, 0x963],
  [0x981, 0x983], [0x9bc, 0x9e3], [0xa3c, 0xa51], [0xabc, 0xb03], [0xb3c, 0xb63], [0xbbe, 0xc04], [0xc3c, 0xc63],
  [0xcbc, 0xce3], [0xd3b, 0xd63], [0xdca, 0xdf3], [0xe31, 0xe4e], [0xeb1, 0xecd], [0x102b, 0x103e], [0x1160, 0x11ff],
  [0x17b4, 0x17d3], [0x1ab0, 0x1aff], [0x1dc0, 0x1dff], [0x20d0, 0x20f0], [0x302a, 0x302f], [0x3099, 0x309a],
  [0xfe00, 0xfe0f], [0xfe20, 0xfe2f], [0x1f3fb, 0x1f3ff], [0xe0020, 0xe007f],
];
const JOINER = "\u200d";
const ENCODER = new TextEncoder();

export const chunker = {
  describe: () => ({
    name: "{{name}}",
    version: "0.1.0",
    summary: "One chunk for every few sentences, written in JavaScript",
    configSchema: JSON.stringify(SCHEMA),
    capabilities: [],
  }),

  split(input, config) {
    const splitter = new Splitter(readSettings(config));
    const total = Math.max(input.summary().blocks, 1);
    // In windows, so that a large document never stands in memory whole.
    for (let at = 0, window; (window = input.read(at, WINDOW)).length > 0; at += window.length) {
      window.forEach((block) => splitter.take(block));
      progress(Math.min((at + window.length) / total, 1), "chunking");
    }
    splitter.flush();
    return { chunks: splitter.chunks, parents: [] };
  },
};

function readSettings(config) {
  const given = JSON.parse(config || "{}");
  const settings = {};
  for (const [name, rule] of Object.entries(SCHEMA.properties)) {
    const value = given[name] ?? rule.default;
    if (!Number.isInteger(value) || value < rule.minimum || value > rule.maximum) {
      const message = `${value} is not a whole number from ${rule.minimum} to ${rule.maximum}`;
      throw { tag: "invalid-config", val: { field: name, message } };
    }
    settings[name] = value;
  }
  return settings;
}

/** Chunks made so far, and the one that is growing. */
class Splitter {
  chunks = [];
  headings = [];
  path = [];
  text = "";
  sentences = 0;
  blocks = [];
  context = [];

  constructor(settings) {
    this.most = settings.sentences_per_chunk;
    this.limit = settings.chunk_token_num;
  }

  take(block) {
    const text = block.text.trim();
    if (!text || SKIPPED.has(block.kind)) return;
    if (block.kind === "title" || block.kind === "heading") {
      // A heading begins a chunk, and stands in the context of those that follow.
      this.flush();
      const level = block.kind === "title" ? 0 : Math.max(block.level, 1);
      this.headings = this.headings.filter((above) => above.level < level);
      this.path = this.headings.map((heading) => heading.text);
      this.add(text, block.id, 0);
      this.headings.push({ level, text: text.split(/\s+/u).join(" ") });
      this.path = this.headings.map((heading) => heading.text);
    } else if (block.kind === "table") {
      this.flush();
      for (const rows of tablePieces(block, this.limit)) {
        this.chunks.push(chunk(rows, "table", [block.id], this.path));
      }
    } else {
      for (const sentence of sentences(text)) this.add(sentence, block.id, 1);
    }
  }

  add(sentence, block, counts) {
    let joint = !this.text || "。！？".includes(this.text.at(-1)) ? "" : " ";
    if (this.text && this.blocks.at(-1) !== block) joint = "\n";
    let grown = this.text + joint + sentence;
    if (this.text && (this.sentences === this.most || !fits(grown, this.limit))) {
      this.flush();
      grown = sentence;
    }
    const found = this.text ? [grown] : pieces(grown, this.limit);
    const last = found.pop();
    for (const piece of found) this.chunks.push(chunk(piece, "text", [block], this.path));
    if (!this.text) this.context = this.path;
    this.text = last;
    this.sentences += counts;
    if (this.blocks.at(-1) !== block) this.blocks.push(block);
  }

  flush() {
    if (this.text) this.chunks.push(chunk(this.text, "text", this.blocks, this.context));
    this.text = "";
    this.sentences = 0;
    this.blocks = [];
  }
}

// The engine's heap holds 32 MB of objects: lists that are always the same are shared.
const NONE = [];

function chunk(text, kind, blocks, context) {
  return {
    text, kind, blocks, places: NONE, context, keywords: NONE, questions: NONE, tags: NONE, fields: NONE,
  };
}

function* sentences(text) {
  let start = 0;
  for (const mark of text.matchAll(END)) {
    // `e.g. this` goes on in lower case.
    if (isLower(mark[1] ?? "")) continue;
    const end = mark.index + mark[0].length;
    yield text.slice(start, end).trim();
    start = end;
  }
  const rest = text.slice(start).trim();
  if (rest) yield rest;
}

function isLower(letter) {
  return letter !== letter.toUpperCase() && letter === letter.toLowerCase();
}

/** The rows of a table, packed to the limit, below its header rows. */
function* tablePieces(block, limit) {
  const rows = block.text.split("\n");
  const plain = (block.table?.cells ?? []).filter((cell) => !cell.header).map((cell) => cell.row);
  let above = block.table ? Math.min(...plain.slice(0, 1), rows.length - 1) : 0;
  let header = rows.slice(0, above).map((row) => row + "\n").join("");
  const longest = rows.slice(above).reduce((a, b) => (b.length > a.length ? b : a));
  if (!fits(header + longest, limit)) {
    header = "";
    above = 0;
  }
  let piece = "";
  for (const row of rows.slice(above)) {
    if (piece && !fits(`${piece}\n${row}`, limit)) {
      yield piece;
      piece = "";
    }
    if (piece) {
      piece = `${piece}\n${row}`;
    } else {
      const found = pieces(header + row, limit);
      piece = found.pop() ?? "";
      yield* found;
    }
  }
  if (piece.trim()) yield piece;
}

function fits(text, limit) {
  // A token has at least one byte, so that short texts need not be counted.
  return text.length * 3 <= limit || count([text])[0] <= limit;
}

/** Cuts a text that is too long, never between a letter and its marks. */
function pieces(text, limit) {
  const found = [];
  let start = 0;
  while (start < text.length) {
    if (/^\s/u.test(text[start])) {
      start += 1;
      continue;
    }
    // As much as `limit` tokens may be; counting all of what follows every time would take quadratic time.
    const window = whole(text, start, start + 16 * limit);
    const [cut] = cuts(window, limit);
    const size = cut === undefined ? window.length : new TextDecoder().decode(ENCODER.encode(window).subarray(0, cut)).length;
    let end = start + size;
    while (end > start + 1 && (joined(text, start, end) || !fits(text.slice(start, end).trimEnd(), limit))) end -= 1;
    // A letter with more marks than fit is cut after all.
    if (end <= start + 1) end = start + size;
    found.push(text.slice(start, end).trimEnd());
    start = end;
  }
  return found;
}

/** A slice that does not end within a pair of surrogates. */
function whole(text, start, end) {
  const code = text.charCodeAt(end - 1);
  return text.slice(start, code >= 0xd800 && code < 0xdc00 ? end + 1 : end);
}

/** True where no reader sees a boundary: before marks, around joiners, between the halves of a flag or a surrogate pair. */
function joined(text, start, at) {
  if (at >= text.length) return false;
  const unit = text.charCodeAt(at);
  if (unit >= 0xdc00 && unit < 0xe000) return true;
  const code = text.codePointAt(at);
  let flag = 0;
  if (isFlag(code)) while (at - flag > start && isFlag(text.codePointAt(at - flag - 2))) flag += 2;
  const mark = MARKS.some(([first, last]) => code >= first && code <= last);
  return mark || flag % 4 === 2 || text[at - 1] === JOINER || text[at] === JOINER;
}

/** The letters whose pairs are flags. */
function isFlag(code) {
  return code >= 0x1f1e6 && code <= 0x1f1ff;
}
