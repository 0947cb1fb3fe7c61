package main

import (
	"regexp"
	"strings"
)

// phrases are pairs: what the API says to those who call it, and what that is to
// those who use the command line. A test holds the first of each against the
// sentences that the API is made of.
var phrases = []string{
	"GET /api/memories lists yours, POST /api/memories makes one", "memhooks memories list shows yours, memhooks memories create makes one",
	"take it unchanged from next_cursor, or start without one", "take it as the list before told it, or leave it out",
	"/docs lists all that there are", "the address in MEMHOOKS_URL or --url ends before the first slash",
	"wait as long as Retry-After says", "try again in a second",
	"send a name, an id, or both", "give a name that is not empty, or --id",
	"send it, or a range", "give it, or a range",
	"ask for less with limit", "ask for less with --limit",
	"use one that has it, or let an admin key make one", "give one that has it in MEMHOOKS_KEY or --key; who has an admin key makes one with memhooks keys create",
	" needs a decision: ", ", which is the default, needs a decision: ",
	`send "acknowledge_pii_risk": true to receive full content, or set "redaction_mode" to `,
	"give --acknowledge-pii-risk to receive full content, or --redaction with ",
	"unknown event ", "--events: unknown event ",
}

// lists are phrases that lead to a list of the memory: what is said instead goes
// around the command that shows it.
var lists = []struct{ said, before, command, after string }{
	{"GET …/hooks lists them", "", "hooks list", " shows them"},
	{"the list of deliveries shows them", "", "deliveries list", " shows them"},
	{"it was sent again or closed, or never was one", "it was sent again or closed, or never was one; ", "dead-letters list", " shows those there are"},
}

// polling is where the API says how a polled hook is read.
var polling = regexp.MustCompile(`read GET …/hooks/(\S+)/events from any place instead`)

// flags are the fields of requests whose flag is called otherwise, or that are
// no common words: these are replaced wherever they stand.
var flags = map[string]string{
	"max_retries": "--max-retries", "overlap_seconds": "--overlap", "failed_since": "--failed-since", "from_seq": "--from-seq", "to_seq": "--to-seq",
	"event_filters": "--events", "redaction_mode": "--redaction",
}

// leading are the fields that are told only where a message begins with them.
var leading = map[string]string{
	"url": "--to", "name": "the name", "id": "--id", "filter": "--filter", "namespace": "--namespace", "secret": "--secret", "description": "--description",
	"status": "--status", "since": "--since", "from": "--from", "to": "--to", "reason": "--reason", "tenant": "--tenant", "policies": "--policies",
	"cursor": "--cursor", "the cursor": "--cursor",
}

var (
	field = regexp.MustCompile(`\b[a-z]+(?:_[a-z]+)+\b`)
	lead  = regexp.MustCompile(`^(?:query\.)?((?:the )?[a-z]+)([:.]| (?:must|is|has|holds|leads) )`)
)

// worded is a message of the API in the command line's words.
func (r *remote) worded(message string) string {
	message = strings.NewReplacer(phrases...).Replace(message)
	for _, l := range lists {
		message = strings.ReplaceAll(message, l.said, l.before+r.hint(l.command)+l.after)
	}
	message = polling.ReplaceAllStringFunc(message, func(said string) string {
		return r.hint("listen --hook "+polling.FindStringSubmatch(said)[1]) + " follows it"
	})
	message = field.ReplaceAllStringFunc(message, func(name string) string {
		if flag := flags[name]; flag != "" {
			return flag
		}
		return name
	})
	at := lead.FindStringSubmatch(message)
	if at == nil || leading[at[1]] == "" {
		return message
	}
	return leading[at[1]] + at[2] + message[len(at[0]):]
}
