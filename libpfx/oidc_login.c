#include "oidc_login.h"

#include "address.h"
#include "clock.h"
#include "jwt.h"
#include "mem.h"
#include "oauth.h"
#include "sasl.h"
#include "token.h"

struct oidc_login {
    struct loop *loop;
    const struct config_oidc *group;
    const struct oidc_client *client;
    struct buf token;
    struct buf name;
    struct buf account;
    int64_t deadline_ms;
    struct oidc_waiter waiter;
    bool has_newest_keys;
    struct http_call *call;
    struct loop_timer timer; /* the verdict is known */
    int status;              /* of the introspection */
    struct verdict verdict;
    void (*done)(void *arg, int status, const struct verdict *verdict);
    void *arg;
};

static void release(struct oidc_login *login)
{
    oidc_waiter_forget(&login->waiter);
    if (login->call != NULL)
        http_cancel(login->call);
    loop_cancel(login->loop, &login->timer);
    buf_free(&login->token);
    buf_free(&login->name);
    buf_free(&login->account);
    mem_free(login);
}

static void timer_due(struct loop_timer *timer)
{
    struct oidc_login *login = LOOP_OWNER(timer, struct oidc_login, timer);

    login->done(login->arg, login->status, &login->verdict);
    release(login);
}

static void decide(struct oidc_login *login, struct verdict verdict)
{
    login->verdict = verdict;
    loop_at(login->loop, &login->timer, login->loop->now_ms);
}

static void fail(struct oidc_login *login, const char *warning)
{
    decide(login, (struct verdict){ .kind = VERDICT_TEMP, .text = span_text("the provider does not answer"),
                                    .warning = warning, .is_failure = true });
}

static void deny(struct oidc_login *login, const char *why)
{
    decide(login, (struct verdict){ .kind = VERDICT_DENIED, .text = SPAN("invalid token"), .detail = why });
}

static void accept_account(struct oidc_login *login)
{
    bool must_match = login->name.n > 0 && login->group->claimed_name == CONFIG_OIDC_MATCH;

    if (must_match && !address_name_equal(buf_span(&login->name), buf_span(&login->account)))
        decide(login, (struct verdict){ .kind = VERDICT_DENIED, .text = SPAN("not allowed to act for another user"),
                                        .detail = "the token is of another account", .is_other_name = true });
    else
        decide(login, (struct verdict){ .kind = VERDICT_FOUND, .text = buf_span(&login->account) });
}

static void deny_scope(struct oidc_login *login, const char *why)
{
    deny(login, why);
    login->verdict.text = SPAN("insufficient scope");
    login->verdict.lacks_scope = true;
}

static struct claims_context context_of(const struct oidc_login *login)
{
    const struct oidc_metadata *metadata = oidc_provider_metadata(login->client->provider);

    return (struct claims_context){ .oidc = login->group, .issuer = oidc_metadata_issuer(metadata),
                                    .now_ms = clock_wall_ms() };
}

static void take_claims(struct oidc_login *login, const struct jsondoc *answer)
{
    struct claims_context context = context_of(login);
    const char *why = NULL;

    buf_clear(&login->account);
    switch (claims_of_introspection(&context, answer, &login->account, &why)) {
    case CLAIMS_GOOD:
        accept_account(login);
        break;
    case CLAIMS_INVALID:
        deny(login, why);
        break;
    case CLAIMS_LACKS_SCOPE:
        deny_scope(login, why);
        break;
    case CLAIMS_MALFORMED:
        fail(login, why);
        break;
    }
}

static void introspected(void *arg, const struct http_answer *answer)
{
    struct oidc_login *login = arg;
    struct oidc_site *site = oidc_provider_site(login->client->provider);
    char detail[HTTP_DETAIL_MAX_BYTES];
    const char *why = oidc_site_check(answer, detail);
    struct jsondoc *doc = why != NULL ? NULL : jsondoc_parse(answer->body, &why);

    login->call = NULL;
    login->status = answer->status;
    if (doc == NULL) {
        oidc_site_warn(site, why, detail);
        fail(login, NULL);
        return;
    }
    take_claims(login, doc);
    jsondoc_free(&doc);
}

/* The configuration is there. */
static void introspect(struct oidc_login *login)
{
    login->call = oidc_client_post(login->client, OIDC_INTROSPECTION_ENDPOINT);
    if (login->call == NULL) {
        fail(login, NULL);
        return;
    }
    oidc_client_add(http_body(login->call), "token", buf_span(&login->token));
    oidc_client_add(http_body(login->call), "token_type_hint", SPAN("access_token"));
    http_start(login->call, login->deadline_ms, introspected, login);
}

static void with_configuration(struct oidc_login *login, enum oidc_result result)
{
    if (result == OIDC_READY)
        introspect(login);
    else
        fail(login, NULL);
}

static void want_newer_keys(struct oidc_login *login);

static void verify(struct oidc_login *login)
{
    struct claims_context context = context_of(login);
    const char *why = NULL;

    buf_clear(&login->account);
    switch (token_verify(&context, oidc_provider_keys(login->client->provider), buf_span(&login->token),
                         &login->account, &why)) {
    case TOKEN_GOOD:
        accept_account(login);
        break;
    case TOKEN_REFUSED:
        deny(login, why);
        break;
    case TOKEN_LACKS_SCOPE:
        deny_scope(login, why);
        break;
    case TOKEN_UNKNOWN_KEY:
        if (login->has_newest_keys)
            deny(login, "the token is signed by a key that the provider does not publish");
        else
            want_newer_keys(login);
        break;
    }
}

/* Without keys somebody else can still be asked, where that is allowed. */
static void with_keys(struct oidc_login *login, enum oidc_result result)
{
    if (result == OIDC_READY)
        verify(login);
    else if (login->group->validation == CONFIG_OIDC_VALIDATION_AUTO)
        introspect(login);
    else
        fail(login, NULL);
}

static void when_keys(struct oidc_waiter *waiter, enum oidc_result result)
{
    with_keys(LOOP_OWNER(waiter, struct oidc_login, waiter), result);
}

static void when_configuration(struct oidc_waiter *waiter, enum oidc_result result);

static enum oidc_result ask(struct oidc_login *login, enum oidc_wanted wanted)
{
    login->waiter.done = wanted == OIDC_CONFIGURATION ? when_configuration : when_keys;
    return oidc_provider_ask(login->client->provider, wanted, login->deadline_ms, &login->waiter);
}

static void want_keys(struct oidc_login *login, enum oidc_wanted wanted)
{
    enum oidc_result result = ask(login, wanted);

    if (result != OIDC_WAITING)
        with_keys(login, result);
}

static void want_newer_keys(struct oidc_login *login)
{
    login->has_newest_keys = true;
    want_keys(login, OIDC_NEWER_KEYS);
}

static void choose(struct oidc_login *login, enum oidc_result result)
{
    bool is_auto = login->group->validation == CONFIG_OIDC_VALIDATION_AUTO;

    if (is_auto && result == OIDC_READY && jwt_is_meant(buf_span(&login->token)))
        want_keys(login, OIDC_KEYS);
    else
        with_configuration(login, result);
}

static void when_configuration(struct oidc_waiter *waiter, enum oidc_result result)
{
    choose(LOOP_OWNER(waiter, struct oidc_login, waiter), result);
}

static void begin(struct oidc_login *login)
{
    if (login->group->validation == CONFIG_OIDC_JWKS) {
        want_keys(login, OIDC_KEYS);
        return;
    }
    enum oidc_result result = ask(login, OIDC_CONFIGURATION);
    if (result != OIDC_WAITING)
        choose(login, result);
}

struct oidc_login *oidc_login_start(struct loop *loop, const struct oidc_login_question *question,
                                    void (*done)(void *arg, int status, const struct verdict *verdict), void *arg)
{
    struct oidc_login *login = mem_alloc(sizeof(*login));

    login->loop = loop;
    login->client = question->client;
    login->group = login->client->record->group;
    login->deadline_ms = question->deadline_ms;
    login->timer.due = timer_due;
    login->done = done;
    login->arg = arg;
    buf_init(&login->token, OAUTH_TOKEN_MAX_BYTES);
    login->token.secret = true;
    buf_add(&login->token, question->token);
    buf_init(&login->name, SASL_NAME_MAX_BYTES);
    buf_add(&login->name, question->name);
    buf_init(&login->account, SASL_NAME_MAX_BYTES);
    begin(login);
    return login;
}

void oidc_login_cancel(struct oidc_login *login)
{
    release(login);
}
