/*
 * The child's side of Postfix's master(8).
 *
 * Shape:  descriptor MASTER_STATUS_FD is a socket to master, shared by all children of the service; the listeners
 *         start at MASTER_LISTEN_FD. A status message is {int pid; unsigned generation; int available}, 12 bytes in
 *         one write, native byte order; the generation is in the environment, GENERATION, octal. master ignores
 *         messages with another pid or generation. The end of file on MASTER_STATUS_FD means: reload, stop, or master
 *         has died. The queue directory is the working directory, MAIL_CONFIG names the configuration directory, and
 *         there is no PATH.
 * Errors: master_begin() gives a constant text when this process was not started by master(8).
 * Owner:  struct master_settings owns its texts.
 * Source: Postfix master/master_proto.h, master_spawn.c, master_status.c, master_avail.c, master_ent.c.
 */
#ifndef PFX_MASTER_H
#define PFX_MASTER_H

#define MASTER_FLOW_READ_FD 3
#define MASTER_FLOW_WRITE_FD 4
#define MASTER_STATUS_FD 5
#define MASTER_LISTEN_FD 6

/* What only postconf(1) knows, with Postfix's defaults where it does not answer. */
struct master_settings {
    char *mail_owner;
    char *syslog_facility;
    char *data_directory;
    char *recipient_delimiter;
    char *queue_directory;
};

const char *master_begin(void);

/*
 * One TAKEN and AVAIL pair, to be sent after the first served request: from then on a crash costs no throttling by
 * master, and a daemon that dies at each start still does.
 */
void master_report_served(void);

/* NULL, or why the defaults stand. */
const char *master_read_settings(struct master_settings *settings, const char *config_directory);
void master_free_settings(struct master_settings *settings);

#endif
