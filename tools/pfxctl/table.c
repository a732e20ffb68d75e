#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "utf8.h"

#define CELL_MAX_BYTES 1024
#define GAP            2

static const char *const colours[] = {
    [TABLE_PLAIN] = "",
    [TABLE_HEAD] = "\033[1m",
    [TABLE_ODD] = "\033[33m",
    [TABLE_BAD] = "\033[31m",
};

void table_begin(struct table *table, const struct table_column *columns, size_t count, bool is_aligned)
{
    *table = (struct table){ .columns = columns, .column_count = count, .is_aligned = is_aligned };
    for (size_t i = 0; i < count; i++)
        table_cell(table, TABLE_HEAD, "%s", columns[i].name);
}

static void add(struct table *table, enum table_mark mark, const char *text)
{
    table->cells = mem_grow(table->cells, table->count, &table->room, sizeof(*table->cells));
    table->cells[table->count++] = (struct table_cell){ mem_string(text), mark };
}

void table_cell(struct table *table, enum table_mark mark, const char *format, ...)
{
    char text[CELL_MAX_BYTES], printable[CELL_MAX_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    utf8_printable(printable, sizeof(printable), span_text(text));
    if (table->is_aligned) {
        add(table, mark, printable);
        return;
    }
    table->count++;
    fputs(printable, stdout);
    putchar(table->count % table->column_count == 0 ? '\n' : '\t');
}

/* Characters, of which each has a byte that does not go on with one before it. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static size_t width_of_column(const struct table *table, size_t column)
{
    size_t width = 0;

    for (size_t i = column; i < table->count; i += table->column_count)
        if (width_of(table->cells[i].text) > width)
            width = width_of(table->cells[i].text);
    return width;
}

static void print_cell(const struct table *table, const struct table_cell *cell, size_t column, size_t width)
{
    const bool is_number = table->columns[column].is_number;
    const bool is_last = column + 1 == table->column_count;
    const int padding = (int)(width - width_of(cell->text));

    printf("%*s%s%s%s", is_number ? padding : 0, "", colours[cell->mark], cell->text,
           cell->mark == TABLE_PLAIN ? "" : "\033[m");
    if (is_last)
        putchar('\n');
    else
        printf("%*s", GAP + (is_number ? 0 : padding), "");
}

void table_end(struct table *table)
{
    size_t *widths = mem_array(table->column_count, sizeof(*widths));
    size_t column = 0;

    for (size_t i = 0; table->is_aligned && i < table->column_count; i++)
        widths[i] = width_of_column(table, i);
    for (size_t i = 0; table->is_aligned && i < table->count; i++) {
        print_cell(table, &table->cells[i], column, widths[column]);
        column = column + 1 < table->column_count ? column + 1 : 0;
        mem_free(table->cells[i].text);
    }
    mem_free(widths);
    mem_free(table->cells);
    *table = (struct table){ .columns = NULL };
}
