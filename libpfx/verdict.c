#include "verdict.h"

#include <string.h>

#include "action.h"
#include "address.h"
#include "jsondoc.h"
#include "result.h"
#include "sasl.h"
#include "socketmap.h"
#include "utf8.h"

static struct verdict make(enum verdict_kind kind, const char *text, const char *warning)
{
    return (struct verdict){ .kind = kind, .text = span_text(text), .warning = warning };
}

static struct verdict fault(enum verdict_kind kind, const char *text, const char *warning)
{
    struct verdict verdict = make(kind, text, warning);
    verdict.is_failure = true;
    return verdict;
}

static bool is_json(struct span body)
{
    const char *why;
    struct jsondoc *doc = jsondoc_parse(body, &why);
    bool good = doc != NULL;
    jsondoc_free(&doc);
    return good;
}

static struct verdict of_status(const struct config_entry *entry, int status)
{
    bool is_basic = entry->section == CONFIG_DOVECOT_SASL && entry->auth_style == CONFIG_AUTH_BASIC;
    const char *unknown_url = entry->section == CONFIG_SOCKET_MAPS
                                  ? "the backend does not know the URL: check target, or set notfound_status"
                                  : "the backend does not know the URL: check target";

    switch (status) {
    case 408:
    case 425:
    case 429:
        return fault(VERDICT_TEMP, "the backend asks to come back later", "the backend asks to come back later");
    case 401:
        if (entry->backend_oidc != NULL)
            return fault(VERDICT_TEMP, "the backend refuses the token",
                         "the backend refuses the token: check client_id and scopes of backend_oidc_auth");
        /* fall through */
    case 403:
    case 407:
        return fault(VERDICT_PERM, "the backend refuses pfx",
                     is_basic ? "the backend refuses more than the credentials: check target and failure_status"
                              : "the backend refuses pfx: check http_auth_basic, http_auth_bearer and custom_headers");
    case 404:
        return fault(VERDICT_PERM, "the backend does not know the URL", unknown_url);
    default:
        break;
    }
    if (status >= 500)
        return fault(VERDICT_TEMP, "the backend reports an error of its own",
                     "the backend reports an error of its own");
    if (status >= 300 && status < 400)
        return fault(VERDICT_PERM, "the backend redirects",
                     "the backend redirects, which is not followed: put the final URL into target");
    return fault(VERDICT_PERM, "the backend gives an unexpected status",
                 "unexpected status: check target, method and payload, or add it to status_code");
}

/* True: the service itself reports an error. */
static bool find_error(const struct config_entry *entry, const struct jsondoc *doc, struct buf *memory,
                       struct verdict *verdict)
{
    const char *why;
    char printable[VERDICT_ERROR_MAX_BYTES + 1];

    if (entry->error_field[0] == '\0')
        return false;
    buf_clear(memory);
    enum jsondoc_value found = jsondoc_get(doc, entry->error_field, ',', memory, &why);
    if (found == JSONDOC_MISSING || found == JSONDOC_NOTHING)
        return false;
    enum verdict_kind kind = entry->error_result == CONFIG_ERROR_TEMP ? VERDICT_TEMP : VERDICT_PERM;
    if (found == JSONDOC_BAD) {
        *verdict = make(kind, "the backend reports an error", "error_field holds no text");
        return true;
    }
    if (span_equal(buf_span(memory), span_text(entry->no_error_value)))
        return false;
    size_t n = utf8_printable(printable, sizeof(printable), buf_span(memory));
    buf_clear(memory);
    buf_add(memory, span_make(printable, n));
    *verdict = make(kind, "", "error_field is set");
    verdict->detail = buf_text(memory);
    verdict->text = buf_span(memory);
    return true;
}

static struct verdict explain(struct verdict verdict, const char *detail)
{
    verdict.detail = detail;
    return verdict;
}

static struct verdict too_long(void)
{
    return make(VERDICT_PERM, "the value is too long", "the value is longer than max_reply_size allows");
}

static struct verdict check_value(const struct config_entry *entry, const struct buf *memory)
{
    struct span value = buf_span(memory);
    const char *why;

    if (span_find(value, '\n') < value.n || span_find(value, '\r') < value.n || span_find(value, '\0') < value.n)
        return make(VERDICT_PERM, "the value has more than one line", "the value holds a line break or NUL");
    if (entry->section == CONFIG_POLICY_SERVICES && (why = action_check(value, entry->restrictions)) != NULL)
        return explain(make(VERDICT_PERM, "the action is not usable", "the action is not usable"), why);
    if (entry->section == CONFIG_SOCKET_MAPS &&
        socketmap_reply_bytes(SOCKETMAP_OK, value) > (size_t)entry->max_reply_bytes)
        return too_long();
    return (struct verdict){ .kind = VERDICT_FOUND, .text = value };
}

struct verdict verdict_extend(const struct config_entry *entry, struct span extension, struct buf *memory)
{
    return result_extend(entry, memory, extension) ? check_value(entry, memory) : too_long();
}

static struct verdict make_result(const struct config_entry *entry, const struct template_values *asked,
                                  struct buf *memory)
{
    switch (result_make(entry, asked, memory)) {
    case RESULT_MADE:
        return check_value(entry, memory);
    case RESULT_NOTHING:
        return make(VERDICT_NOTFOUND, "", NULL);
    case RESULT_TOO_MANY:
        return fault(VERDICT_TEMP, "too many results", "more results than expansion_limit allows");
    case RESULT_TOO_LONG:
        break;
    }
    return too_long();
}

static struct verdict of_value(const struct config_entry *entry, enum jsondoc_value found,
                               const struct template_values *asked, struct buf *memory, const char *why)
{
    if (found == JSONDOC_BAD)
        return explain(make(VERDICT_PERM, "the value is not usable", "the value is not usable"), why);
    return found == JSONDOC_VALUE ? make_result(entry, asked, memory) : make(VERDICT_NOTFOUND, "", NULL);
}

static bool is_name_of(const struct config_entry *entry, struct span name, struct span candidate)
{
    return entry->fold_case ? address_name_equal(name, candidate) : span_equal(name, candidate);
}

/* The member that is about the candidate; p NULL: there is none. */
static struct span name_of(const struct config_entry *entry, const struct keys_candidate *candidate,
                           const struct span *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_name_of(entry, names[i], candidate->text))
            return names[i];
    return span_make(NULL, 0);
}

/* Something else than an answer by key would read as if nothing were there. */
static bool holds_others(const struct config_entry *entry, const struct keys *keys, const struct span *names,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (j < keys->count && !is_name_of(entry, names[i], keys->candidate[j].text))
            j++;
        if (j == keys->count)
            return true;
    }
    return false;
}

static struct verdict of_candidate(const struct config_entry *entry, const struct template_values *asked,
                                   const struct keys_candidate *candidate, const struct jsondoc *doc,
                                   struct span name, struct buf *memory)
{
    struct template_values found = { .key = candidate->text };
    const char *why = NULL;

    buf_clear(memory);
    enum jsondoc_value value = jsondoc_get_member(doc, entry->value_field, name, '\0', memory, &why);
    struct verdict verdict = of_value(entry, value, &found, memory, why);
    bool extends = entry->propagate_extension && candidate->lacks_extension;
    return extends && verdict.kind == VERDICT_FOUND ? verdict_extend(entry, asked->keys->extension, memory) : verdict;
}

/* The values of all keys that were asked, by key. */
static struct verdict find_first(const struct config_entry *entry, const struct template_values *asked,
                                 const struct jsondoc *doc, struct buf *memory)
{
    struct span names[KEYS_MAX];
    size_t count = jsondoc_names(doc, entry->value_field, names, KEYS_MAX);
    struct verdict verdict = make(VERDICT_NOTFOUND, "", NULL);

    if (count > KEYS_MAX || holds_others(entry, asked->keys, names, count))
        return fault(VERDICT_PERM, "the answer has a member that was not asked for",
                     "the answer has a member that was not asked for: check value_field");
    for (size_t i = 0; i < asked->keys->count && verdict.kind == VERDICT_NOTFOUND; i++) {
        const struct keys_candidate *candidate = &asked->keys->candidate[i];
        struct span name = name_of(entry, candidate, names, count);
        if (name.p != NULL)
            verdict = of_candidate(entry, asked, candidate, doc, name, memory);
    }
    verdict.has_value = true;
    return verdict;
}

static bool has_members(const struct jsondoc *doc)
{
    struct span first;

    return jsondoc_is_object(doc, "") && jsondoc_names(doc, "", &first, 1) > 0;
}

static struct verdict find_value(const struct config_entry *entry, const struct template_values *asked,
                                 const struct jsondoc *doc, struct buf *memory)
{
    static const char missing[] = "value_field is missing, and value_required is set: check value_field";
    const char *why = NULL;

    if (entry->asks_all && jsondoc_is_object(doc, entry->value_field))
        return find_first(entry, asked, doc, memory);
    buf_clear(memory);
    enum jsondoc_value found = jsondoc_get(doc, entry->value_field, '\0', memory, &why);
    struct verdict verdict = found == JSONDOC_MISSING && entry->value_required
                                 ? explain(fault(VERDICT_PERM, "the answer lacks the value", missing),
                                           entry->value_field)
                                 : of_value(entry, found, asked, memory, why);
    verdict.lacks_value = found == JSONDOC_MISSING;
    verdict.is_doubtful = verdict.lacks_value && verdict.kind == VERDICT_NOTFOUND && has_members(doc);
    verdict.has_value = !verdict.lacks_value;
    return verdict;
}

struct verdict verdict_of_answer(const struct config_entry *entry, const struct template_values *asked, int status,
                                 struct span body, struct buf *memory)
{
    static const char not_from_service[] = "the status is one of notfound_status, but the body is neither empty nor "
                                           "JSON, as of a wrong URL: check target, or let the backend answer so";
    const char *why = NULL;
    struct verdict verdict;

    if (status == 204)
        return make(VERDICT_NOTFOUND, "", NULL);
    if (config_has_status(&entry->notfound_status, status) && (body.n == 0 || is_json(body)))
        return make(VERDICT_NOTFOUND, "", NULL);
    if (!config_has_status(&entry->status_code, status)) {
        verdict = of_status(entry, status);
        if (config_has_status(&entry->notfound_status, status))
            verdict.warning = not_from_service;
        return verdict;
    }
    if (body.n == 0)
        return make(VERDICT_NOTFOUND, "", NULL);
    struct jsondoc *doc = jsondoc_parse(body, &why);
    if (doc == NULL)
        return explain(fault(VERDICT_TEMP, "the backend's answer is not JSON",
                             "the backend's answer is not JSON"), why);
    if (!find_error(entry, doc, memory, &verdict))
        verdict = find_value(entry, asked, doc, memory);
    jsondoc_free(&doc);
    return verdict;
}

/* For a mail program: ASCII, printable. */
static struct span clean(struct span text, struct buf *memory)
{
    struct span cut = span_first(text, text.n < VERDICT_ERROR_MAX_BYTES ? text.n : VERDICT_ERROR_MAX_BYTES);

    buf_clear(memory);
    buf_add(memory, cut);
    for (size_t i = 0; i < memory->n; i++)
        if (memory->p[i] < ' ' || memory->p[i] > '~')
            memory->p[i] = '?';
    return buf_span(memory);
}

static struct verdict denied(const struct config_entry *entry, struct span reason, struct buf *memory)
{
    struct verdict verdict = make(VERDICT_DENIED, VERDICT_DENIED_TEXT, NULL);

    if (reason.n == 0)
        return verdict;
    struct span cleaned = clean(reason, memory);
    verdict.detail = buf_text(memory);
    if (entry->reason_to_client)
        verdict.text = cleaned;
    return verdict;
}

/* The account goes into log lines and access decisions of Postfix, which shows control bytes as '?': another name. */
static struct verdict accepted(const struct verdict_login *answer, struct buf *memory)
{
    const char *why;

    if (answer->account_count > 1)
        return make(VERDICT_PERM, "the account is not usable", "there is more than one username_header");
    if (answer->account.n > 0 && sasl_check_name(answer->account, &why) != SASL_GOOD)
        return make(VERDICT_PERM, "the account is not usable",
                    "the account in username_header is too long, is not UTF-8 or holds control characters");
    buf_clear(memory);
    buf_add(memory, answer->account.n > 0 ? answer->account : answer->user);
    return (struct verdict){ .kind = VERDICT_FOUND, .text = buf_span(memory) };
}

struct verdict verdict_of_login(const struct config_entry *entry, const struct verdict_login *answer,
                                struct buf *memory)
{
    bool needs_reason = entry->auth_style == CONFIG_AUTH_JSON && entry->reason_header[0] != '\0';

    if (config_has_status(&entry->status_code, answer->status))
        return accepted(answer, memory);
    if (!config_has_status(&entry->failure_status, answer->status))
        return of_status(entry, answer->status);
    if (needs_reason && answer->reason.p == NULL)
        return make(VERDICT_PERM, "the backend refuses pfx",
                    "failure_status without reason_header: check http_auth_basic, http_auth_bearer and their rights");
    return denied(entry, answer->reason, memory);
}

struct verdict verdict_of_failure(enum http_failure failure, const char *reason)
{
    struct verdict verdict = fault(failure == HTTP_TIMED_OUT ? VERDICT_TIMEOUT : VERDICT_TEMP, reason, reason);

    verdict.is_unanswered = failure != HTTP_TOO_BIG;
    return verdict;
}

struct span verdict_action(const struct config_entry *entry, const struct verdict *verdict)
{
    if (verdict->kind == VERDICT_FOUND)
        return verdict->text;
    return span_text(verdict->kind == VERDICT_NOTFOUND ? entry->no_value_action : entry->on_error);
}

const char *verdict_word(enum verdict_kind kind)
{
    static const char *const words[VERDICT_KINDS] = { "found", "notfound", "denied", "temp", "timeout", "perm" };
    return words[kind];
}
