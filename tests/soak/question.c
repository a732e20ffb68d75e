#include "question.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>

#define LIE_EVERY 100

static void format(char text[QUESTION_TEXT_MAX_BYTES], const char *how, ...) __attribute__((format(printf, 2, 3)));

static void format(char text[QUESTION_TEXT_MAX_BYTES], const char *how, ...)
{
    va_list arguments;

    va_start(arguments, how);
    if (vsnprintf(text, QUESTION_TEXT_MAX_BYTES, how, arguments) >= QUESTION_TEXT_MAX_BYTES)
        errx(1, "a text is too long");
    va_end(arguments);
}

void question_key(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES])
{
    format(text, "k%u@virt.example", q->number);
}

void question_sender(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES])
{
    format(text, "s%u@from.example", q->number);
}

void question_user(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES])
{
    format(text, "u%u@virt.example", q->number);
}

void question_password(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES])
{
    format(text, QUESTION_SECRET "-%u%s", q->number, q->wrong_password ? "-wrong" : "");
}

void question_account(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES])
{
    format(text, "account-%u", q->number);
}

bool question_value(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES])
{
    format(text, "box-k%u@virt.example", q->number);
    return q->number % 4 != 0;
}

bool question_action(const struct question *q, char text[QUESTION_TEXT_MAX_BYTES])
{
    static const char *const words[] = { "REJECT 5.7.1 not", "PREPEND X-Soak:", "450 4.7.1 not yet", "WARN about" };
    unsigned kind = q->number % 5;

    if (kind == 4)
        format(text, QUESTION_NO_ACTION);
    else
        format(text, "%s s%u@from.example", words[kind], q->number);
    return kind != 4;
}

static FILE *open_file(const char *path)
{
    FILE *file = fopen(path, "we");

    if (file == NULL)
        err(1, "%s", path);
    return file;
}

static void close_file(FILE *file, const char *path)
{
    if (fclose(file) != 0)
        err(1, "%s", path);
}

/* Whose answer stands there: a lie is that of the next number that has the same kind of answer. */
static struct question teller(const struct question *q, bool lies)
{
    return (struct question){ .number = lies && q->number % LIE_EVERY == 1 ? q->number + 20 : q->number };
}

void question_write_data(const char *path, bool lies)
{
    char asked[QUESTION_TEXT_MAX_BYTES], text[QUESTION_TEXT_MAX_BYTES];
    FILE *file = open_file(path);

    for (struct question q = { 0 }; q.number < QUESTION_COUNT; q.number++) {
        struct question other = teller(&q, lies);
        question_key(&q, asked);
        if (question_value(&other, text))
            fprintf(file, "%s\t%s\n", asked, text);
        question_sender(&q, asked);
        if (question_action(&other, text))
            fprintf(file, "%s\t%s\n", asked, text);
    }
    close_file(file, path);
}

void question_write_users(const char *path, bool lies)
{
    char user[QUESTION_TEXT_MAX_BYTES], password[QUESTION_TEXT_MAX_BYTES], account[QUESTION_TEXT_MAX_BYTES];
    FILE *file = open_file(path);

    for (struct question q = { 0 }; q.number < QUESTION_COUNT; q.number++) {
        struct question other = teller(&q, lies);
        question_user(&q, user);
        question_password(&q, password);
        question_account(&other, account);
        fprintf(file, "%s\t%s\t%s\n", user, password, account);
    }
    close_file(file, path);
}
