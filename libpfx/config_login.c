#include "config_login.h"

#include <string.h>

#include "config_memory.h"
#include "config_payload.h"

static const char form_type[] = "application/x-www-form-urlencoded";
static const char json_type[] = "application/json";

/* In the order of the defaults: those that take a password, those that take a token. */
static const char *const mechanisms[] = { "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER" };
static const size_t mechanism_count = sizeof(mechanisms) / sizeof(mechanisms[0]);
static const size_t first_token = 2;

/* What wrong credentials are answered with when failure_status is not given. */
static const int forbidden[] = { 403 };
static const int unauthorized[] = { 401 };
static const int either[] = { 401, 403 };

static const struct {
    const int *status;
    size_t count;
} failures[] = {
    [CONFIG_AUTH_JSON] = { forbidden, 1 },
    [CONFIG_AUTH_BASIC] = { unauthorized, 1 },
    [CONFIG_AUTH_FORM] = { either, 2 },
    [CONFIG_AUTH_TEMPLATE] = { either, 2 },
};

void config_login_check_http(struct config_reader *r, const config_setting_t *group, struct config_http *http)
{
    const config_setting_t *timeout = config_setting_get_member(group, "timeout");

    if (timeout == NULL || http->timeout_ms <= CONFIG_LOGIN_TIMEOUT_MAX_MS)
        return;
    http->timeout_ms = CONFIG_LOGIN_TIMEOUT_MAX_MS;
    config_reader_error(r, timeout, "must be at most 9s here: Postfix waits 10s for the answer to a login");
}

static void cut_timeout(struct config_reader *r, const config_setting_t *group, struct config_http *http)
{
    if (http->timeout_ms <= CONFIG_LOGIN_TIMEOUT_MAX_MS)
        return;
    http->timeout_ms = CONFIG_LOGIN_TIMEOUT_MAX_MS;
    config_reader_warn(r, group, "http.timeout of top level is cut to 9s here: Postfix waits 10s for the answer to a "
                                 "login");
}

static void take_failure_status(struct config_reader *r, const config_setting_t *group, struct config_entry *entry)
{
    const int *status = failures[entry->auth_style].status;
    size_t count = failures[entry->auth_style].count;

    if (entry->failure_status.count > 0)
        return;
    if (status == either && entry->backend_oidc != NULL) { /* 401 is about the token */
        status = forbidden;
        count = sizeof(forbidden) / sizeof(forbidden[0]);
    } else if (status == either && (entry->authorization != NULL || config_has_header(entry, "Authorization"))) {
        config_reader_warn(r, group, "a 401 means wrong name or password, but may be about the credentials of pfx: set "
                                     "failure_status to what the backend says of a user only");
    }
    int *items = config_memory_array(r->config->memory, count, sizeof(*items));
    for (size_t i = 0; i < count; i++)
        items[i] = status[i];
    entry->failure_status = (struct config_statuses){ items, count };
}

/* A body that is not written as a template: the members of a login, all that are known. */
static void make_payload(struct config_reader *r, struct config_entry *entry)
{
    bool is_json = entry->auth_style == CONFIG_AUTH_JSON;
    struct template_piece *piece = config_memory_array(r->config->memory, 1, sizeof(*piece));

    piece->what = is_json ? TEMPLATE_ATTRIBUTES : TEMPLATE_FORM;
    entry->payload = (struct config_template){ .text = config_memory_text(r->config->memory, SPAN("")),
                                               .pieces = piece, .count = 1,
                                               .escape = is_json ? TEMPLATE_ESCAPE_JSON : TEMPLATE_ESCAPE_URL };
    entry->content_type = config_memory_text(r->config->memory, span_text(is_json ? json_type : form_type));
}

static bool holds_password(const struct config_template *payload)
{
    for (size_t i = 0; i < payload->count; i++)
        if (payload->pieces[i].what == TEMPLATE_ATTRIBUTE && span_equal(payload->pieces[i].text, SPAN("password")))
            return true;
    return false;
}

/* The user's own credentials go into the Authorization header, and nowhere else. */
static void check_basic(struct config_reader *r, const config_setting_t *group, const config_setting_t *payload,
                        const struct config_entry *entry)
{
    if (entry->authorization != NULL || entry->backend_oidc != NULL || config_has_header(entry, "Authorization"))
        config_reader_error(r, group, "auth_style \"basic\" sends the user's own credentials: http_auth_basic, "
                                      "http_auth_bearer, backend_oidc_auth or an Authorization header cannot stand "
                                      "beside it");
    if (holds_password(&entry->payload))
        config_reader_error(r, payload, "%%{password}: auth_style \"basic\" sends it as a header");
}

/* What a made payload decides; a value of another type was told of already. */
static void check_made(struct config_reader *r, const config_setting_t *group, const struct config_entry *entry)
{
    const config_setting_t *type = config_setting_get_member(group, "content_type");
    const char *text = type == NULL ? NULL : config_setting_get_string(type);

    if (text != NULL && strcmp(text, entry->content_type) != 0)
        config_reader_error(r, type, "auth_style decides it: \"%s\"", entry->content_type);
    if (entry->method != NULL && strcmp(entry->method, "POST") != 0)
        config_reader_error(r, group, "method must be \"POST\" with auth_style \"json\" and \"form\"");
}

/* Any other would let everybody in when the service fails, or refuses pfx. */
static void check_success(struct config_reader *r, const config_setting_t *group, const struct config_statuses *codes)
{
    for (size_t i = 0; i < codes->count; i++)
        if (codes->item[i] < 200 || codes->item[i] > 299)
            config_reader_error(r, group, "status_code %d: a login succeeds by 200 to 299 only", codes->item[i]);
}

static void take_payload(struct config_reader *r, const config_setting_t *group, const config_setting_t *payload,
                         struct config_entry *entry)
{
    bool is_made = entry->auth_style == CONFIG_AUTH_JSON || entry->auth_style == CONFIG_AUTH_FORM;
    const char *text = payload == NULL ? "" : config_setting_get_string(payload);

    if (text != NULL && text[0] == '\0')
        payload = NULL;
    if (is_made && payload != NULL)
        config_reader_error(r, payload, "auth_style \"%s\" makes the payload; auth_style \"template\" takes this one",
                            entry->auth_style == CONFIG_AUTH_JSON ? "json" : "form");
    else if (is_made)
        make_payload(r, entry);
    else if (payload != NULL)
        config_payload_read(r, payload, entry->content_type, &entry->payload);
    else if (entry->auth_style == CONFIG_AUTH_TEMPLATE)
        config_reader_error(r, group, "auth_style \"template\" needs a payload");
}

static void check_mechanisms(struct config_reader *r, const config_setting_t *group, const struct config_strings *names,
                             bool has_oidc)
{
    struct config_strings before = { names->item, 0 };

    for (; before.count < names->count; before.count++)
        if (config_has_string(&before, span_text(names->item[before.count])))
            config_reader_error(r, group, "mechanisms names %s twice", names->item[before.count]);
    for (size_t i = first_token; i < mechanism_count && !has_oidc; i++)
        if (config_has_string(names, span_text(mechanisms[i])))
            config_reader_error(r, group, "mechanisms names %s, which needs sasl_oidc_auth", mechanisms[i]);
}

void config_login_take_mechanisms(struct config_reader *r, const config_setting_t *group, bool has_target,
                                  bool has_oidc, struct config_entry *entry)
{
    size_t first = has_oidc && !has_target ? first_token : 0;
    size_t end = has_oidc ? mechanism_count : first_token;

    if (entry->mechanisms.count > 0) {
        check_mechanisms(r, group, &entry->mechanisms, has_oidc);
        return;
    }
    char **items = config_memory_array(r->config->memory, end - first, sizeof(*items));
    for (size_t i = first; i < end; i++)
        items[i - first] = config_memory_text(r->config->memory, span_text(mechanisms[i]));
    entry->mechanisms = (struct config_strings){ items, end - first };
}

bool config_login_has_password(const struct config_entry *entry)
{
    for (size_t i = 0; i < first_token; i++)
        if (config_has_string(&entry->mechanisms, span_text(mechanisms[i])))
            return true;
    return false;
}

/* It is about the token, which would be fetched anew for each wrong password, and the password sent twice. */
static void check_failure(struct config_reader *r, const config_setting_t *group, const struct config_entry *entry)
{
    bool is_basic = entry->auth_style == CONFIG_AUTH_BASIC; /* which cannot have both */

    if (entry->backend_oidc != NULL && !is_basic && config_has_status(&entry->failure_status, 401))
        config_reader_error(r, group, "failure_status must not hold 401 with backend_oidc_auth, whose token it is "
                                      "about");
}

void config_login_finish(struct config_reader *r, const config_setting_t *group, const config_setting_t *payload,
                         struct config_entry *entry)
{
    take_payload(r, group, payload, entry);
    if (entry->auth_style == CONFIG_AUTH_BASIC)
        check_basic(r, group, payload, entry);
    else if (entry->auth_style != CONFIG_AUTH_TEMPLATE)
        check_made(r, group, entry);
    check_success(r, group, &entry->status_code);
    take_failure_status(r, group, entry);
    check_failure(r, group, entry);
    cut_timeout(r, group, &entry->http);
}
