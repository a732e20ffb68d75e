/*
 * A table on stdout: aligned for people, with a TAB between cells for programs.
 *
 * Shape:  table_begin(), table_cell() for each cell, row after row, table_end(). The first row are the names of the
 *         columns. Aligned, it is written at the end; else row by row. Control bytes are written as '?'.
 * Owner:  columns outlive the table.
 */
#ifndef PFX_TABLE_H
#define PFX_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct table_column {
    const char *name;
    bool is_number; /* aligned at the right */
};

enum table_mark { TABLE_PLAIN, TABLE_HEAD, TABLE_ODD, TABLE_BAD }; /* on a terminal: bold, yellow, red */

struct table_cell {
    char *text;
    enum table_mark mark;
};

struct table {
    const struct table_column *columns;
    size_t column_count;
    bool is_aligned;
    struct table_cell *cells;
    size_t count, room;
};

void table_begin(struct table *table, const struct table_column *columns, size_t count, bool is_aligned);
void table_cell(struct table *table, enum table_mark mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void table_end(struct table *table);

#endif
