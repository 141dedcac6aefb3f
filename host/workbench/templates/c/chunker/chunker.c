// {{Name}}: a chunk method. A few neighbouring sentences make a chunk; tables stay apart.
//
// Texts are UTF-8 with a length and no NUL at the end. What `split` returns is freed by the generated glue, field by
// field: every pointer in it must come from `malloc`, or be NULL with a length of 0.

#define _XOPEN_SOURCE 700
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "chunker_plugin.h"

// Short names for what the contract calls by its whole path.
#define KIND(name) MORTISE_PLUGIN_DOCUMENT_BLOCK_KIND_##name
typedef chunker_plugin_string_t text_t;
typedef mortise_plugin_blocks_in_block_t block_t;
typedef exports_mortise_plugin_chunker_chunk_t chunk_t;

// The host checks every configuration against this before any work starts, and fills in the defaults.
static const char SCHEMA[] =
    "{\"type\": \"object\", \"properties\": {"
    "\"sentences_per_chunk\": {\"description\": \"Sentences in a chunk.\","
    " \"type\": \"integer\", \"minimum\": 1, \"maximum\": 50, \"default\": 3},"
    "\"chunk_token_num\": {\"description\": \"Most tokens of a chunk.\","
    " \"type\": \"integer\", \"minimum\": 1, \"maximum\": 2048, \"default\": 512}}}";

enum { WINDOW = 256, NAME_MAX_LENGTH = 64 };

// ---- Memory and texts

// Grows an array by doubling. Without memory the plugin ends, and the host says so.
static void *grow(void *array, size_t used, size_t more, size_t *room, size_t item) {
    if (used + more <= *room) return array;
    while (*room < used + more) *room = *room ? *room * 2 : 16;
    array = realloc(array, *room * item);
    if (!array) abort();
    return array;
}

static text_t copy(const uint8_t *bytes, size_t length) {
    text_t text = {NULL, 0};
    if (length == 0) return text;
    size_t room = 0;
    text.ptr = grow(NULL, 0, length, &room, 1);
    text.len = length;
    memcpy(text.ptr, bytes, length);
    return text;
}

// The code point at `at`, and how many bytes it has.
static uint32_t decode(const uint8_t *text, size_t length, size_t at, size_t *size) {
    uint8_t first = text[at];
    *size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (at + *size > length) *size = length - at;
    uint32_t code = *size == 1 ? first : first & (0x7f >> *size);
    for (size_t i = 1; i < *size; i++) code = code << 6 | (text[at + i] & 0x3f);
    return code;
}

static bool is_space(const uint8_t *text, size_t length, size_t at, size_t *size) {
    uint32_t code = decode(text, length, at, size);
    return iswspace((wint_t)code) || code == 0xa0 || code == 0x2007 || code == 0x202f;
}

static size_t skip_spaces(const uint8_t *text, size_t length, size_t at) {
    size_t size;
    while (at < length && is_space(text, length, at, &size)) at += size;
    return at;
}

static size_t before(const uint8_t *text, size_t at) {
    do at--;
    while (at > 0 && (text[at] & 0xc0) == 0x80);
    return at;
}

static size_t without_spaces_at_end(const uint8_t *text, size_t start, size_t end) {
    size_t size;
    while (end > start && is_space(text, end, before(text, end), &size)) end = before(text, end);
    return end;
}

// ---- Tokens, counted by the host

static bool fits(const uint8_t *bytes, size_t length, uint32_t limit) {
    // A token has at least one byte, so that short texts need not be counted.
    if (length <= limit) return true;
    text_t text = {(uint8_t *)bytes, length};
    chunker_plugin_list_string_t texts = {&text, 1};
    chunker_plugin_list_u32_t counts;
    mortise_plugin_tokens_count(&texts, &counts);
    bool fit = counts.len > 0 && counts.ptr[0] <= limit;
    chunker_plugin_list_u32_free(&counts);
    return fit;
}

// The letters whose pairs are flags.
static bool is_flag(uint32_t code) {
    return code >= 0x1f1e6 && code <= 0x1f1ff;
}

// True where no reader sees a boundary: before marks, around joiners, between the halves of a flag or a syllable.
static bool joined(const uint8_t *text, size_t length, size_t start, size_t at) {
    if (at <= start || at >= length) return false;
    size_t size, flags = 0;
    uint32_t next = decode(text, length, at, &size), last = decode(text, length, before(text, at), &size);
    for (size_t back = at; is_flag(next) && back > start; flags++) {
        back = before(text, back);
        if (!is_flag(decode(text, length, back, &size))) break;
    }
    bool mark = next >= 0x300 && wcwidth((wchar_t)next) == 0;
    bool clings = (next >= 0x1f3fb && next <= 0x1f3ff) || (next >= 0x1160 && next <= 0x11ff) || next == 0x200d;
    return mark || clings || last == 0x200d || flags % 2 == 1;
}

// The end of the piece that begins at `start`: as long as the limit allows.
static size_t piece_end(const uint8_t *text, size_t length, size_t start, uint32_t limit) {
    // As much as `limit` tokens may be; counting all of what follows every time would take quadratic time.
    size_t window = length - start < (size_t)limit * 32 ? length - start : (size_t)limit * 32;
    while (start + window < length && (text[start + window] & 0xc0) == 0x80) window++;
    text_t shown = {(uint8_t *)text + start, window};
    chunker_plugin_list_u32_t cuts;
    mortise_plugin_tokens_cuts(&shown, limit, &cuts);
    size_t whole = start + (cuts.len > 0 ? cuts.ptr[0] : window), end = whole;
    chunker_plugin_list_u32_free(&cuts);
    while (end > start) {
        size_t trimmed = without_spaces_at_end(text, start, end);
        if (!joined(text, length, start, end) && fits(text + start, trimmed - start, limit)) return end;
        end = before(text, end);
    }
    // A letter with more marks than fit is cut after all.
    return whole;
}

// ---- The chunks made so far, and the one that is growing

typedef struct {
    uint32_t level;
    text_t text;
} heading_t;

typedef struct {
    uint32_t most, limit;
    chunk_t *chunks;
    size_t chunks_len, chunks_room;
    heading_t *headings;
    size_t headings_len, headings_room;
    // The growing chunk: its text, its sentences, its blocks, and the headings above it when it began.
    uint8_t *text;
    size_t text_len, text_room;
    uint32_t sentences;
    uint32_t *blocks;
    size_t blocks_len, blocks_room;
    size_t context;
} splitter_t;

static void emit(
    splitter_t *own, const uint8_t *text, size_t length, uint8_t kind, const uint32_t *blocks, size_t blocks_len,
    size_t context
) {
    chunk_t chunk = {0};
    chunk.text = copy(text, length);
    chunk.kind = kind;
    chunk.blocks.ptr = (uint32_t *)copy((const uint8_t *)blocks, blocks_len * sizeof *blocks).ptr;
    chunk.blocks.len = blocks_len;
    if (context > 0) {
        size_t room = 0;
        chunk.context.ptr = grow(NULL, 0, context, &room, sizeof(text_t));
        chunk.context.len = context;
        for (size_t i = 0; i < context; i++) {
            chunk.context.ptr[i] = copy(own->headings[i].text.ptr, own->headings[i].text.len);
        }
    }
    own->chunks = grow(own->chunks, own->chunks_len, 1, &own->chunks_room, sizeof chunk);
    own->chunks[own->chunks_len++] = chunk;
}

static void flush(splitter_t *own) {
    if (own->text_len > 0) {
        uint8_t kind = EXPORTS_MORTISE_PLUGIN_CHUNKER_CHUNK_KIND_TEXT;
        emit(own, own->text, own->text_len, kind, own->blocks, own->blocks_len, own->context);
    }
    own->text_len = own->blocks_len = 0;
    own->sentences = 0;
}

static void append(splitter_t *own, const uint8_t *bytes, size_t length) {
    own->text = grow(own->text, own->text_len, length, &own->text_room, 1);
    memcpy(own->text + own->text_len, bytes, length);
    own->text_len += length;
}

static bool ends_full_width(const splitter_t *own) {
    static const char *marks[] = {"。", "！", "？"};
    for (size_t i = 0; i < 3; i++) {
        if (own->text_len >= 3 && memcmp(own->text + own->text_len - 3, marks[i], 3) == 0) return true;
    }
    return false;
}

static void add(splitter_t *own, const uint8_t *text, size_t length, uint32_t block, uint32_t counts) {
    bool same_block = own->blocks_len > 0 && own->blocks[own->blocks_len - 1] == block;
    if (own->text_len > 0) {
        size_t old = own->text_len;
        if (!same_block) append(own, (const uint8_t *)"\n", 1);
        else if (!ends_full_width(own)) append(own, (const uint8_t *)" ", 1);
        append(own, text, length);
        if (own->sentences == own->most || !fits(own->text, own->text_len, own->limit)) {
            own->text_len = old;
            flush(own);
            same_block = false;
        }
    }
    if (own->text_len == 0) {
        own->context = own->headings_len;
        size_t at = skip_spaces(text, length, 0);
        while (at < length) {
            size_t end = piece_end(text, length, at, own->limit), next = skip_spaces(text, length, end);
            append(own, text + at, without_spaces_at_end(text, at, end) - at);
            if (next < length) {
                uint8_t kind = EXPORTS_MORTISE_PLUGIN_CHUNKER_CHUNK_KIND_TEXT;
                emit(own, own->text, own->text_len, kind, &block, 1, own->context);
                own->text_len = 0;
            }
            at = next;
        }
    }
    own->sentences += counts;
    if (!same_block) {
        own->blocks = grow(own->blocks, own->blocks_len, 1, &own->blocks_room, sizeof block);
        own->blocks[own->blocks_len++] = block;
    }
}

// A sentence ends after `.`, `!` or `?` before white space, and after their full-width sisters. `e.g. this` goes on in
// lower case.
static size_t sentence_end(const uint8_t *text, size_t length, size_t start) {
    size_t size;
    for (size_t at = start; at < length; at += size) {
        uint32_t code = decode(text, length, at, &size);
        size_t end = at + size;
        if (code == 0x3002 || code == 0xff01 || code == 0xff1f) {
            size_t next_size;
            while (end < length) {
                code = decode(text, length, end, &next_size);
                if (code != 0x3002 && code != 0xff01 && code != 0xff1f) break;
                end += next_size;
            }
            return end;
        }
        if (code != '.' && code != '!' && code != '?') continue;
        size_t next = skip_spaces(text, length, end), ignored;
        if (next > end && next < length && !iswlower((wint_t)decode(text, length, next, &ignored))) return end;
    }
    return length;
}

static void take_sentences(splitter_t *own, const block_t *block, const uint8_t *text, size_t length) {
    for (size_t at = 0; at < length;) {
        size_t end = sentence_end(text, length, at);
        add(own, text + at, end - at, block->id, 1);
        at = skip_spaces(text, length, end);
    }
}

// A heading begins a chunk, and stands in the context of those that follow.
static void take_heading(splitter_t *own, const block_t *block, const uint8_t *text, size_t length) {
    flush(own);
    uint32_t level = block->kind == KIND(TITLE) ? 0 : block->level > 0 ? block->level : 1;
    while (own->headings_len > 0 && own->headings[own->headings_len - 1].level >= level) {
        chunker_plugin_string_free(&own->headings[--own->headings_len].text);
    }
    add(own, text, length, block->id, 0);
    own->headings = grow(own->headings, own->headings_len, 1, &own->headings_room, sizeof(heading_t));
    own->headings[own->headings_len++] = (heading_t){level, copy(text, length)};
}

// Where the row at `at` ends; rows are lines.
static size_t row_end(const text_t *text, size_t at) {
    const uint8_t *newline = memchr(text->ptr + at, '\n', text->len - at);
    return newline ? (size_t)(newline - text->ptr) : text->len;
}

// The end of the header rows, or 0: the rows above the first that has a cell which is no header.
static size_t header_end(const block_t *block) {
    if (!block->table.is_some) return 0;
    uint32_t rows = block->table.val.rows;
    for (size_t i = 0; i < block->table.val.cells.len; i++) {
        const mortise_plugin_document_cell_t *cell = &block->table.val.cells.ptr[i];
        if (!cell->header && cell->row < rows) rows = cell->row;
    }
    size_t at = 0;
    for (uint32_t row = 0; row < rows; row++) {
        size_t end = row_end(&block->text, at);
        if (end == block->text.len) return 0;
        at = end + 1;
    }
    return at;
}

// Rows go below the header until the chunk is full. A row that is too long for one chunk is cut without it.
static void take_table(splitter_t *own, const block_t *block) {
    const uint8_t kind = EXPORTS_MORTISE_PLUGIN_CHUNKER_CHUNK_KIND_TABLE, *bytes = block->text.ptr;
    const size_t header = header_end(block);
    bool rows = false;
    flush(own);
    for (size_t at = header; at < block->text.len;) {
        size_t end = row_end(&block->text, at), old = own->text_len;
        if (!rows) append(own, bytes, header);
        else append(own, (const uint8_t *)"\n", 1);
        append(own, bytes + at, end - at);
        if (fits(own->text, own->text_len, own->limit)) {
            rows = true;
            at = end + 1;
            continue;
        }
        own->text_len = old;
        if (rows) {
            // Once more, in a chunk of its own.
            emit(own, own->text, old, kind, &block->id, 1, own->headings_len);
        } else {
            size_t from = skip_spaces(bytes, end, at == header ? 0 : at);
            while (from < end) {
                size_t to = piece_end(bytes, end, from, own->limit);
                emit(own, bytes + from, without_spaces_at_end(bytes, from, to) - from, kind, &block->id, 1,
                     own->headings_len);
                from = skip_spaces(bytes, end, to);
            }
            at = end + 1;
        }
        own->text_len = 0;
        rows = false;
    }
    if (rows) emit(own, own->text, own->text_len, kind, &block->id, 1, own->headings_len);
    own->text_len = 0;
}

static void take(splitter_t *own, const block_t *block) {
    size_t start = skip_spaces(block->text.ptr, block->text.len, 0);
    size_t end = without_spaces_at_end(block->text.ptr, start, block->text.len);
    if (start == end) return;
    switch (block->kind) {
        // What repeats on every page, and what has no text.
        case KIND(PAGE_HEADER): case KIND(PAGE_FOOTER): case KIND(PAGE_NUMBER): case KIND(TOC_ENTRY): case KIND(SEPARATOR):
            return;
        case KIND(TITLE): case KIND(HEADING):
            return take_heading(own, block, block->text.ptr + start, end - start);
        case KIND(TABLE):
            return take_table(own, block);
        default:
            return take_sentences(own, block, block->text.ptr + start, end - start);
    }
}

// ---- Settings

// The number that stands under `name` in the outermost object of `json`, or `otherwise`.
static double setting(const text_t *json, const char *name, double otherwise) {
    int depth = 0;
    size_t length = strlen(name);
    for (size_t at = 0; at < json->len; at++) {
        uint8_t c = json->ptr[at];
        if (c == '{' || c == '[') depth++;
        if (c == '}' || c == ']') depth--;
        if (c != '"') continue;
        size_t start = ++at;
        while (at < json->len && json->ptr[at] != '"') at += json->ptr[at] == '\\' ? 2 : 1;
        size_t next = skip_spaces(json->ptr, json->len, at + 1);
        bool key = depth == 1 && next < json->len && json->ptr[next] == ':';
        if (!key || at - start != length || memcmp(json->ptr + start, name, length) != 0) continue;
        char number[NAME_MAX_LENGTH] = {0};
        next = skip_spaces(json->ptr, json->len, next + 1);
        size_t rest = json->len - next;
        memcpy(number, json->ptr + next, rest < sizeof number ? rest : sizeof number - 1);
        char *end;
        double value = strtod(number, &end);
        return end == number ? -1 : value;
    }
    return otherwise;
}

static bool whole_number(const text_t *json, const char *name, uint32_t most, uint32_t *value,
                         exports_mortise_plugin_chunker_error_t *error) {
    double number = setting(json, name, *value);
    *value = number >= 1 && number <= most ? (uint32_t)number : 0;
    if (*value == number) return true;
    error->tag = MORTISE_PLUGIN_TYPES_ERROR_INVALID_CONFIG;
    chunker_plugin_string_dup(&error->val.invalid_config.field, name);
    chunker_plugin_string_dup(&error->val.invalid_config.message, "not a whole number within its range");
    return false;
}

// ---- What the component exports

void exports_mortise_plugin_chunker_describe(exports_mortise_plugin_chunker_descriptor_t *ret) {
    chunker_plugin_string_dup(&ret->name, "{{name}}");
    chunker_plugin_string_dup(&ret->version, "0.1.0");
    chunker_plugin_string_dup(&ret->summary, "One chunk for every few sentences, written in C");
    chunker_plugin_string_dup(&ret->config_schema, SCHEMA);
    ret->capabilities.ptr = NULL;
    ret->capabilities.len = 0;
}

bool exports_mortise_plugin_chunker_split(
    exports_mortise_plugin_chunker_borrow_reader_t input, exports_mortise_plugin_chunker_json_t *config,
    exports_mortise_plugin_chunker_chunks_t *ret, exports_mortise_plugin_chunker_error_t *err
) {
    splitter_t own = {.most = 3, .limit = 512};
    bool sound = whole_number(config, "sentences_per_chunk", 50, &own.most, err) &&
                 whole_number(config, "chunk_token_num", 2048, &own.limit, err);
    chunker_plugin_string_free(config);
    if (!sound) {
        mortise_plugin_blocks_in_reader_drop_borrow(input);
        return false;
    }
    mortise_plugin_blocks_in_summary_t summary;
    mortise_plugin_blocks_in_method_reader_summary(input, &summary);
    float total = summary.blocks > 0 ? (float)summary.blocks : 1;
    mortise_plugin_blocks_in_summary_free(&summary);
    text_t note;
    chunker_plugin_string_set(&note, "chunking");
    // In windows, so that a large document never stands in memory whole.
    for (uint32_t at = 0;;) {
        mortise_plugin_blocks_in_list_block_t window;
        mortise_plugin_blocks_in_method_reader_read(input, at, WINDOW, &window);
        for (size_t i = 0; i < window.len; i++) take(&own, &window.ptr[i]);
        at += (uint32_t)window.len;
        bool last = window.len == 0;
        mortise_plugin_blocks_in_list_block_free(&window);
        if (last) break;
        mortise_plugin_log_progress(at < total ? (float)at / total : 1, &note);
    }
    flush(&own);
    for (size_t i = 0; i < own.headings_len; i++) chunker_plugin_string_free(&own.headings[i].text);
    free(own.headings);
    free(own.text);
    free(own.blocks);
    mortise_plugin_blocks_in_reader_drop_borrow(input);
    ret->chunks.ptr = own.chunks;
    ret->chunks.len = own.chunks_len;
    ret->parents.ptr = NULL;
    ret->parents.len = 0;
    return true;
}
