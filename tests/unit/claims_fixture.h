/*
 * What a token says, and what is to come of it under some settings.
 *
 * Bodies are put together from members, CLAIMS_OBJECT(CLAIMS_ISS "," CLAIMS_EXP ...). Now is CLAIMS_NOW.
 */
#ifndef PFX_CLAIMS_FIXTURE_H
#define PFX_CLAIMS_FIXTURE_H

#include "claims.h"
#include "mem.h"
#include "sasl.h"
#include "unit.h"

#define CLAIMS_ISSUER "https://idp.example/realm"
#define CLAIMS_NOW_MS 1700000000000
#define CLAIMS_OBJECT(members) "{" members "}"
#define CLAIMS_ISS "\"iss\":\"" CLAIMS_ISSUER "\""
#define CLAIMS_EXP "\"exp\":1700000300"
#define CLAIMS_AUD "\"aud\":\"pfx\""
#define CLAIMS_SUB "\"sub\":\"u@example.com\""
#define CLAIMS_ACCOUNT_MAX_BYTES (SASL_NAME_MAX_BYTES + 100)
#define CLAIMS_BEFORE "before:"

/* Lists have '|' between their words; NULL: none. */
struct claims_settings {
    const char *audience;
    const char *scopes;
    const char *claims;
    const char *accounts;
    bool any_audience;
    bool require_typ;
    int64_t skew_ms;
};

struct claims_row {
    const char *name;
    const struct claims_settings *settings;
    const char *body;
    enum claims result;
    const char *text; /* the account, or the reason */
};

typedef enum claims claims_judge(const struct claims_context *context, const struct jsondoc *doc, struct buf *account,
                                 const char **why);

static inline struct config_strings claims_list(const char *words)
{
    struct config_strings list = { .item = NULL };
    struct span rest = span_text(words);
    size_t room = 0;

    while (rest.n > 0) {
        size_t n = span_find(rest, '|');
        list.item = mem_grow(list.item, list.count, &room, sizeof(*list.item));
        list.item[list.count++] = mem_copy(rest.p, n);
        rest = span_skip(rest, n < rest.n ? n + 1 : n);
    }
    return list;
}

static inline void claims_free_list(struct config_strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        mem_free(list->item[i]);
    mem_free(list->item);
}

static inline struct config_oidc claims_configure(const struct claims_settings *settings)
{
    return (struct config_oidc){ .audience = claims_list(settings->audience),
                                 .required_scopes = claims_list(settings->scopes),
                                 .required_claims = claims_list(settings->claims),
                                 .account_claim = claims_list(settings->accounts),
                                 .any_audience = settings->any_audience,
                                 .require_typ = settings->require_typ,
                                 .clock_skew_ms = settings->skew_ms };
}

static inline void claims_unconfigure(struct config_oidc *oidc)
{
    claims_free_list(&oidc->audience);
    claims_free_list(&oidc->required_scopes);
    claims_free_list(&oidc->required_claims);
    claims_free_list(&oidc->account_claim);
}

/* What went wrong leaves the account as it was. */
static inline void claims_expect_at(claims_judge *judge, const struct claims_row *row, int64_t now_ms)
{
    struct config_oidc oidc = claims_configure(row->settings);
    struct claims_context context = { .oidc = &oidc, .issuer = SPAN(CLAIMS_ISSUER), .now_ms = now_ms };
    const char *why = NULL;
    struct jsondoc *doc = jsondoc_parse(span_text(row->body), &why);
    struct buf account;

    ck_assert_msg(doc != NULL, "%s: %s", row->name, why);
    buf_init(&account, CLAIMS_ACCOUNT_MAX_BYTES);
    ck_assert(buf_add(&account, SPAN(CLAIMS_BEFORE)));
    enum claims result = judge(&context, doc, &account, &why);
    ck_assert_msg(result == row->result, "%s: result %d, %s", row->name, (int)result, why == NULL ? "good" : why);
    const struct span added = span_skip(buf_span(&account), sizeof(CLAIMS_BEFORE) - 1);
    unit_expect_span(added, span_text(result == CLAIMS_GOOD ? row->text : ""), row->name);
    unit_expect((why == NULL) == (result == CLAIMS_GOOD), row->name);
    unit_expect_span(span_text(why), span_text(result == CLAIMS_GOOD ? NULL : row->text), row->name);
    buf_free(&account);
    jsondoc_free(&doc);
    claims_unconfigure(&oidc);
}

static inline void claims_expect(claims_judge *judge, const struct claims_row *row)
{
    claims_expect_at(judge, row, CLAIMS_NOW_MS);
}

#endif
