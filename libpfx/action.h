/*
 * Is a text an action that Postfix takes for what it says?
 *
 * Shape:  a word, any case, and what belongs to it:
 *           DUNNO OK RELAY                                      [text, which Postfix ignores]
 *           REJECT DEFER DEFER_IF_PERMIT DEFER_IF_REJECT DISCARD HOLD INFO WARN    [text]
 *           FILTER transport:destination; REDIRECT BCC user@domain; PREPEND Name: text
 *           4NN 5NN                                             text
 *         With restrictions: also restrictions with arguments and restriction classes, separated by spaces or commas;
 *         no ':', because Postfix looks up no table that is named here.
 * Limits: ACTION_MAX_BYTES: line_length_limit, Postfix's own measure of a line; what an SMTP client reads is cut at
 *         510.
 * Errors: action_check() gives NULL or a constant reason. Refused is what Postfix would misread: an empty action or
 *         digits alone permit, a leading space makes the rest a list of restrictions, an unknown word is a
 *         configuration error, a control byte ends the line; and HANGUP, which is for tests of Postfix.
 * Source: access(5), Postfix smtpd/smtpd_check.c (check_table_result).
 */
#ifndef PFX_ACTION_H
#define PFX_ACTION_H

#include "span.h"

#define ACTION_MAX_BYTES 2048

const char *action_check(struct span action, bool restrictions);

/* Of one that is good: does it say "come back later"? DEFER, DEFER_IF_..., 4NN, and a restriction of such a name. */
bool action_is_temporary(struct span action);

/* Of one that is good: does the message not go on? REJECT, DEFER, DEFER_IF_..., DISCARD, 4NN, 5NN. */
bool action_stops_mail(struct span action);

#endif
