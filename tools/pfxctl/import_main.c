#include "import_write.h"

#include <string.h>

/* Parameters of main.cf that people name a map after. */
static const char *const parameters[] = {
    "canonical_maps", "local_recipient_maps", "mydestination", "recipient_bcc_maps", "recipient_canonical_maps",
    "relay_domains", "relay_recipient_maps", "relocated_maps", "sender_bcc_maps", "sender_canonical_maps",
    "sender_dependent_default_transport_maps", "sender_dependent_relayhost_maps", "smtp_generic_maps",
    "smtp_tls_policy_maps", "smtpd_sender_login_maps", "transport_maps", "virtual_alias_domains", "virtual_alias_maps",
    "virtual_mailbox_domains", "virtual_mailbox_maps",
};

/* The parameter of that name, or a word that is none. */
static const char *parameter_of(const char *name)
{
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        if (strcmp(parameters[i], name) == 0)
            return name;
    return "PARAMETER";
}

static void write_maps(struct import *im, const struct import_service *service)
{
    const struct yamldoc_node *section = import_names_section(im, CONFIG_SOCKET_MAPS);
    bool is_first = true;

    for (size_t i = 0; section != NULL && i < section->count; i++) {
        const char *name = im->names[CONFIG_SOCKET_MAPS][i];
        if (name == NULL)
            continue;
        if (is_first)
            import_out_comment(im, "In the place of socketmap:%s:NAME, wherever it stands:", service->old);
        import_out_line(im, "#%s = socketmap:unix:%s:%s", parameter_of(name), service->path, name);
        is_first = false;
    }
}

static void write_policy(struct import *im, const struct import_service *service)
{
    const char *entry = service->entry == NULL ? "" : service->entry;

    import_out_comment(im, "In the place of check_policy_service %s, in the list of restrictions that has it%s%s:",
                       service->old, *entry == '\0' ? "" : ", for ", entry);
    import_out_line(im, "#smtpd_recipient_restrictions = check_policy_service unix:%s", service->path);
}

/* smtpd has one of them unless master.cf says otherwise. */
static void write_login(struct import *im, const struct import_service *service, bool is_first)
{
    import_out_comment(im, "In the place of smtpd_sasl_path = %s. Without the line of master.cf smtpd greets nobody: "
                           "that one and a reload come first.", service->old);
    if (is_first)
        import_out_line(im, "smtpd_sasl_type = dovecot");
    import_out_line(im, "%ssmtpd_sasl_path = %s", is_first ? "" : "#", service->path);
}

void import_main_write(struct import *im)
{
    bool has_login = false;

    for (size_t i = 0; i < im->service_count; i++) {
        const struct import_service *service = &im->services[i];
        import_out_blank(im);
        if (service->section == CONFIG_SOCKET_MAPS)
            write_maps(im, service);
        else if (service->section == CONFIG_POLICY_SERVICES)
            write_policy(im, service);
        else
            write_login(im, service, !has_login);
        has_login = has_login || service->section == CONFIG_DOVECOT_SASL;
    }
}
