package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// reader is who reads what up prints.
type reader string

const person reader = `The stack is up.

  API              %[1]s
  console          %[7]s
  admin key        %[2]s

export MEMHOOKS_URL='%[1]s' MEMHOOKS_KEY=%[2]s

first memory       curl -X POST "$MEMHOOKS_URL/v1/remember" -H "Authorization: Bearer $MEMHOOKS_KEY" -H "Content-Type: application/json" -d '{"content":"We decided to use Redis for caching"}'
dead letters       AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 aws --endpoint-url %[3]s sqs receive-message --queue-url %[4]s --max-number-of-messages 10 --visibility-timeout 1
the rows           AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 aws --endpoint-url %[3]s dynamodb scan --table-name %[5]s --max-items 20
every row of the acceptance list   make acceptance
`

const shell reader = "export MEMHOOKS_URL='%[1]s' MEMHOOKS_KEY=%[2]s MEMHOOKS_CONSOLE_URL='%[7]s' MEMHOOKS_DEPLOYED_SETTINGS='%[6]s'\n"

// settings are what parameters of the template become in the functions'
// environment, for who must know what the stack runs with.
var settings = map[string]string{
	"RetryBase": "MEMHOOKS_RETRY_BASE", "RetryFactor": "MEMHOOKS_RETRY_FACTOR", "Timeout": "MEMHOOKS_TIMEOUT", "FeedMaxAge": "MEMHOOKS_FEED_MAX_AGE",
}

// deployedSettings are the parameters' settings, as Name=value pairs.
func (s stack) deployedSettings() string {
	var all []string
	for _, p := range s.parameters {
		name, value, _ := strings.Cut(p, "=")
		if setting, is := settings[name]; is {
			all = append(all, setting+"="+value)
		}
	}
	return strings.Join(all, " ")
}

// up builds and deploys, and tells a reader what there is.
func (s stack) up(ctx context.Context, out io.Writer, to reader) error {
	if err := s.there(ctx); err != nil {
		return err
	}
	if err := s.build(ctx); err != nil {
		return err
	}
	d, err := s.deploy(ctx)
	if err != nil {
		return err
	}
	url := s.url(d)
	if err := s.answers(ctx, url); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, string(to), url, d.key, s.endpoint, d.resources["DeadLetterQueue"], d.resources["Table"], s.deployedSettings(), s.console(d))
	return err
}
