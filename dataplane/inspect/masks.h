/* SPDX-License-Identifier: Apache-2.0
 * What the rest of inspect/ calls of the mask_*.c files. */
#pragma once

#include "dataplane/inspect/session_priv.h"

/* mask.c */
enum masked {
	MASKED_CLEAN,   /* it may leave as it is */
	MASKED_CHANGED, /* what was made of it may */
	MASKED_NOT,     /* it must not leave */
};

/* 0; -ENOMEM. *ret is to be freed in either case. */
int masking_new(uint32_t max_message_bytes, struct masking **ret);
void masking_free(struct masking **masking);
/* Of a message that the codec has settled to pass. *ret, when it is changed, until the next call. */
enum masked mask_answer(struct session *s, const struct codec_msg *msg, struct span *ret);

/* A ParameterStatus whose value has what a rule masks: the client is not told. */
bool mask_hides_parameter(struct session *s, const struct codec_msg *msg);

/* mask_note.c */
struct mask_note;
/* Of the command at the head, in the place of an earlier one; <facts> NULL: nothing is known of it. 0; -ENOMEM. */
int note_make(struct session *s, const struct sql_facts *facts);
void note_drop(struct session *s);
/* It was sent as <id>; <is_approved>: a person has allowed what it does. */
void note_settle(struct session *s, uint64_t id, bool is_approved);
/* An answer to <id> came; <is_last>: nothing more will. */
void notes_answered(struct session *s, uint64_t id, bool is_last);
void notes_give(struct session *s);

/* mask_catalog.c */
enum catalogue_rc {
	CATALOGUE_READY, /* it stands in session.catalogue, or no rule needs one */
	CATALOGUE_WAIT,  /* the server is asked */
	CATALOGUE_NONE,  /* it cannot be had now */
};

/* Before a command is judged. */
enum catalogue_rc catalogue_get(struct session *s, const struct spine_rules *rules);
/* The server answers. */
void catalogue_answered(struct session *s, const struct codec_msg *msg);
void catalogue_built(struct session *s);
/* The command at the head may make it untrue; <facts> NULL: of which nothing is known. Then it was sent. */
void catalogue_changes(struct session *s, const struct sql_facts *facts);
void catalogue_sent(struct session *s);
void catalogue_leave(struct session *s);
/* Columns of other rules could not be asked for in a transaction or a batch: what has begun goes on under the
 * rules that it began with. Called when either may have begun or ended. */
void masks_hold(struct session *s);
void masks_release(struct session *s);
void catalogues_give(struct spine *sp);
