#include "nauthilus.h"

#include <cjson/cJSON.h>
#include <strings.h>

#include "basic.h"

#define AUTH_LOGIN_ATTEMPT_MAX 4294967295.0

struct call {
    struct nauthilus *n;
    const struct http_request *r;
    bool is_lookup; /* mode=no-auth */
    struct text *headers, *body;
};

struct login {
    struct span username, password;
};

struct endpoint {
    const char *path;
    int (*answer)(const struct call *c);
};

static const char *const string_members[] = {
    "username", "password", "protocol", "method", "client_ip", "client_port", "client_hostname",
    "client_id", "external_session_id", "user_agent", "local_ip", "local_port", "ssl",
    "ssl_session_id", "ssl_client_verify", "ssl_client_dn", "ssl_client_cn", "ssl_issuer",
    "ssl_client_notbefore", "ssl_client_notafter", "ssl_subject_dn", "ssl_issuer_dn",
    "ssl_client_subject_dn", "ssl_client_issuer_dn", "ssl_protocol", "ssl_cipher", "ssl_serial",
    "ssl_fingerprint", "oidc_cid",
};

static int refuse(const struct call *c, const char *why)
{
    text_format(c->body, "{\"error\":\"%s\"}", why);
    return STATUS_BAD_REQUEST;
}

static int refuse_member(const struct call *c, const char *member, const char *why)
{
    text_format(c->body, "{\"errors\":[{\"field\":\"%s\",\"message\":\"%s\"}]}", member, why);
    return STATUS_BAD_REQUEST;
}

static bool is_username(struct span s)
{
    static const char refused[] = "(){}%\"\\ \x7f";

    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || memchr(refused, s.p[i], sizeof(refused) - 1) != NULL)
            return false;
    }
    return s.n > 0;
}

static void add_account(const struct call *c, struct span account)
{
    text_add(c->headers, SPAN("Auth-Status: OK\r\nX-Nauthilus-Memory-Cache: Miss\r\n"));
    if (account.n == 0)
        return;
    text_add(c->headers, SPAN("Auth-User: "));
    text_add(c->headers, account);
    text_add(c->headers, SPAN("\r\n"));
}

/* The verdict on a login; its account when that is STATUS_OK. */
static int judge(const struct call *c, const struct login *login, struct span *account)
{
    struct span row = { 0 };

    if (login->username.n == 0)
        return refuse_member(c, "username", "This field is required");
    if (login->password.n == 0 && !c->is_lookup)
        return refuse_member(c, "password", "This field is required");
    if (!is_username(login->username))
        return STATUS_BAD_REQUEST;
    text_format(c->headers, "X-Nauthilus-Session: %08x\r\n", ++c->n->sessions);
    bool is_known = data_find(&c->n->users, login->username, &row);
    struct span password = span_first(row, span_find(row, '\t'));
    if (!is_known || (!c->is_lookup && !span_equal(login->password, password))) {
        text_add(c->headers, SPAN("Auth-Status: Invalid login or password\r\n"));
        text_add(c->body, SPAN("null"));
        return STATUS_FORBIDDEN;
    }
    *account = span_skip(row, password.n < row.n ? password.n + 1 : row.n);
    add_account(c, *account);
    return STATUS_OK;
}

/* Whether the text is free of what cJSON takes though it is no JSON, or cuts a string at. */
static bool is_clean(struct span s)
{
    struct span nul = SPAN("\\u0000");
    bool in_string = false;

    for (size_t i = 0; i < s.n; i++) {
        struct span rest = span_skip(s, i);
        if ((unsigned char)s.p[i] < ' ' && (in_string || memchr("\t\r\n", s.p[i], 3) == NULL))
            return false;
        if (in_string && rest.n >= nul.n && memcmp(rest.p, nul.p, nul.n) == 0)
            return false;
        if (s.p[i] == '"')
            in_string = !in_string;
        else if (in_string && s.p[i] == '\\')
            i++;
    }
    return true;
}

/* NULL: not one JSON object with nothing behind it. */
static cJSON *parse_object(struct span body)
{
    const char *end = NULL;
    cJSON *json = is_clean(body) ? cJSON_ParseWithLengthOpts(body.p, body.n, &end, false) : NULL;

    while (json != NULL && end < body.p + body.n && memchr(" \t\r\n", *end, 4) != NULL)
        end++;
    if (cJSON_IsObject(json) && end == body.p + body.n)
        return json;
    cJSON_Delete(json);
    return NULL;
}

static bool is_string_member(const char *name)
{
    for (size_t i = 0; i < sizeof(string_members) / sizeof(string_members[0]); i++) {
        if (strcmp(string_members[i], name) == 0)
            return true;
    }
    return false;
}

static bool is_attempt(const cJSON *member)
{
    double value = cJSON_GetNumberValue(member);

    return cJSON_IsNumber(member) && value >= 0 && value <= AUTH_LOGIN_ATTEMPT_MAX && value == (double)(unsigned)value;
}

/* Of a member that stands twice the last counts. NULL, or what is wrong. */
static const char *read_members(const cJSON *json, struct login *login)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, json) {
        if (strcmp(member->string, "auth_login_attempt") == 0) {
            if (!is_attempt(member))
                return "auth_login_attempt is no unsigned number";
            continue;
        }
        if (!is_string_member(member->string))
            return "unknown field";
        if (!cJSON_IsString(member))
            return "a field is no string";
        if (strcmp(member->string, "username") == 0)
            login->username = span_text(member->valuestring);
        else if (strcmp(member->string, "password") == 0)
            login->password = span_text(member->valuestring);
    }
    return NULL;
}

static void add_json_account(const struct call *c, struct span account)
{
    text_add(c->body, SPAN("{\"ok\":true,\"account_field\":\"account\",\"totp_secret_field\":\"\",\"backend\":1,"
                           "\"attributes\":{"));
    if (account.n > 0) {
        text_add(c->body, SPAN("\"account\":[\""));
        text_add_json(c->body, account);
        text_add(c->body, SPAN("\"]"));
    }
    text_add(c->body, SPAN("}}"));
}

static bool is_post(const struct call *c)
{
    return span_equal(c->r->method, SPAN("POST"));
}

static bool is_get(const struct call *c)
{
    return span_equal(c->r->method, SPAN("GET"));
}

static bool has_json_type(const struct call *c)
{
    struct span wanted = SPAN("application/json");
    struct span type;

    return http_find_header(c->r, SPAN("Content-Type"), &type) && type.n >= wanted.n &&
           strncasecmp(type.p, wanted.p, wanted.n) == 0;
}

static int answer_json(const struct call *c)
{
    struct login login = { 0 };
    struct span account;

    if (!is_post(c))
        return is_get(c) ? refuse(c, "no credentials") : STATUS_NOT_FOUND;
    if (!has_json_type(c))
        return refuse(c, "Unsupported media type");
    cJSON *json = parse_object(c->r->body);
    const char *why = json == NULL ? "not one JSON object" : read_members(json, &login);
    int status = why != NULL ? refuse(c, why) : judge(c, &login, &account);
    if (status == STATUS_OK)
        add_json_account(c, account);
    cJSON_Delete(json);
    return status;
}

static void add_decoded_header(struct text *t, const struct http_request *r, struct span name)
{
    struct span value;

    if (http_find_header(r, name, &value))
        text_add_decoded(t, value);
}

static int answer_header(const struct call *c)
{
    struct text username = { 0 }, password = { 0 };
    struct span account;

    if (!is_post(c) && !is_get(c))
        return STATUS_NOT_FOUND;
    add_decoded_header(&username, c->r, SPAN("X-Nauthilus-Username"));
    add_decoded_header(&password, c->r, SPAN("X-Nauthilus-Password"));
    int status = judge(c, &(struct login){ text_span(&username), text_span(&password) }, &account);
    if (status == STATUS_OK && account.n > 0) {
        text_add(c->headers, SPAN("X-Nauthilus-Account: "));
        text_add(c->headers, account);
        text_add(c->headers, SPAN("\r\n"));
    }
    text_free(&username);
    text_free(&password);
    return status;
}

static int answer_socket_map(const struct call *c)
{
    if (!is_post(c))
        return STATUS_NOT_FOUND;
    cJSON *json = parse_object(c->r->body);
    const char *key = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "key"));
    text_add(c->body, SPAN("{\"demo_value\":\"workshop-route:"));
    text_add_json(c->body, span_text(key));
    text_add(c->body, SPAN("\"}"));
    cJSON_Delete(json);
    return STATUS_OK;
}

static int answer_policy(const struct call *c)
{
    static const char *const echoed[] = { "recipient", "sender", "client_address" };

    if (!is_post(c))
        return STATUS_NOT_FOUND;
    cJSON *json = parse_object(c->r->body);
    text_add(c->body, SPAN("{\"result\":\"DUNNO\""));
    for (size_t i = 0; i < sizeof(echoed) / sizeof(echoed[0]); i++) {
        const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, echoed[i]));
        if (value == NULL)
            continue;
        text_format(c->body, ",\"%s\":\"", echoed[i]);
        text_add_json(c->body, span_text(value));
        text_add(c->body, SPAN("\""));
    }
    text_add(c->body, SPAN("}"));
    cJSON_Delete(json);
    return STATUS_OK;
}

static const struct endpoint endpoints[] = {
    { "/api/v1/auth/json", answer_json },
    { "/api/v1/auth/header", answer_header },
    { "/api/v1/custom/postfix/socket-map", answer_socket_map },
    { "/api/v1/custom/postfix/policy", answer_policy },
};

static int answer_call(const struct call *c)
{
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        if (!span_equal(c->r->path, span_text(endpoints[i].path)))
            continue;
        if (basic_matches(c->r, c->n->credentials))
            return endpoints[i].answer(c);
        text_add(c->headers, SPAN(BASIC_CHALLENGE));
        text_add(c->body, SPAN("{\"error\":\"unauthorized\"}"));
        return STATUS_UNAUTHORIZED;
    }
    return STATUS_NOT_FOUND;
}

void nauthilus_open(struct nauthilus *n, const char *path, const char *credentials)
{
    data_open(&n->users, path);
    n->credentials = span_text(credentials);
}

int nauthilus_answer(struct nauthilus *n, const struct http_request *r, struct span mode, struct text *headers,
                     struct text *body)
{
    struct span own = SPAN("/api/v1/");
    struct call c = { n, r, span_equal(mode, SPAN("no-auth")), headers, body };

    if (n->users.path == NULL || r->path.n < own.n || memcmp(r->path.p, own.p, own.n) != 0)
        return NAUTHILUS_ELSEWHERE;
    return answer_call(&c);
}

void nauthilus_close(struct nauthilus *n)
{
    data_close(&n->users);
}
