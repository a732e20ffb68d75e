#include "httpstatus.h"

#include "unit.h"

static const struct {
    const char *name;
    struct {
        const char *p;
        size_t n;
    } line;
    enum httpstatus status;
} rows[] = {
    { "usual", UNIT_BYTES("HTTP/1.1 200 OK\r\n"), HTTPSTATUS_GOOD },
    { "without reason", UNIT_BYTES("HTTP/1.1 200\r\n"), HTTPSTATUS_GOOD },
    { "empty reason", UNIT_BYTES("HTTP/1.1 204 \r\n"), HTTPSTATUS_GOOD },
    { "bare LF", UNIT_BYTES("HTTP/1.0 503 Busy\n"), HTTPSTATUS_GOOD },
    { "without its end", UNIT_BYTES("HTTP/1.0 999"), HTTPSTATUS_GOOD },
    { "a field", UNIT_BYTES("Content-Length: 0\r\n"), HTTPSTATUS_NONE },
    { "a field of such a name", UNIT_BYTES("HTTP: 1\r\n"), HTTPSTATUS_NONE },
    { "the empty line", UNIT_BYTES("\r\n"), HTTPSTATUS_NONE },
    { "nothing", UNIT_BYTES(""), HTTPSTATUS_NONE },
    { "cut in the word", UNIT_BYTES("HTTP"), HTTPSTATUS_NONE },
    { "cut in the version", UNIT_BYTES("HTTP/1."), HTTPSTATUS_BAD },
    { "cut in the status", UNIT_BYTES("HTTP/1.1 20"), HTTPSTATUS_BAD },
    { "the word alone", UNIT_BYTES("HTTP/"), HTTPSTATUS_BAD },
    { "letters of another case", UNIT_BYTES("hTTP/1.1 503 Busy\r\n"), HTTPSTATUS_BAD },
    { "no version", UNIT_BYTES("HTTP/ 503 Busy\r\n"), HTTPSTATUS_BAD },
    { "HTTP/2", UNIT_BYTES("HTTP/2 200\r\n"), HTTPSTATUS_BAD },
    { "HTTP/2.0", UNIT_BYTES("HTTP/2.0 200\r\n"), HTTPSTATUS_BAD },
    { "two digits", UNIT_BYTES("HTTP/1.1 20 OK\r\n"), HTTPSTATUS_BAD },
    { "four digits", UNIT_BYTES("HTTP/1.1 2000 OK\r\n"), HTTPSTATUS_BAD },
    { "begins with 0", UNIT_BYTES("HTTP/1.1 020 OK\r\n"), HTTPSTATUS_BAD },
    { "a sign", UNIT_BYTES("HTTP/1.1 -20 OK\r\n"), HTTPSTATUS_BAD },
    { "two blanks", UNIT_BYTES("HTTP/1.1  200 OK\r\n"), HTTPSTATUS_BAD },
    { "a TAB", UNIT_BYTES("HTTP/1.1\t200 OK\r\n"), HTTPSTATUS_BAD },
    { "a NUL", UNIT_BYTES("HTTP/1.1 200\0OK\r\n"), HTTPSTATUS_BAD },
};

START_TEST(httpstatus_of_line)
{
    struct span line = unit_guarded(rows[_i].line.p, rows[_i].line.n);

    unit_expect(httpstatus_of(line) == rows[_i].status, rows[_i].name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("httpstatus");

    unit_add_loop(suite, "httpstatus_of", httpstatus_of_line, UNIT_ROWS(rows));
    return unit_run(suite);
}
