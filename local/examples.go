package main

// examples shows how each command is called, by its path. Help prints them,
// and a test runs every one as it is printed.
var examples = map[string]string{
	"serve":  `memhooks serve`,
	"health": `memhooks health`,
	"bench":  `memhooks bench --only writes --duration 2s`,
	"listen": `memhooks listen --hook agent-feed --from earliest --count 1 --forward http://localhost:3000/hooks`,
	"verify": `memhooks verify body.json --secret "$SECRET" --header "X-REM-Signature: $SIGNATURE"`,

	"hooks list":          `memhooks hooks list`,
	"hooks show":          `memhooks hooks show sync-to-warehouse`,
	"hooks create":        `memhooks hooks create urgent --to https://example.com/hooks --generate-secret --filter '{"tags":["urgent"]}'`,
	"hooks pause":         `memhooks hooks pause sync-to-warehouse`,
	"hooks resume":        `memhooks hooks resume sync-to-warehouse --from latest`,
	"hooks delete":        `memhooks hooks delete urgent`,
	"hooks test":          `memhooks hooks test sync-to-warehouse`,
	"hooks rotate-secret": `memhooks hooks rotate-secret sync-to-warehouse --overlap 1h`,

	"deliveries list":      `memhooks deliveries list --hook sync-to-warehouse --status delivered --since 24h`,
	"deliveries show":      `memhooks deliveries show latest`,
	"deliveries redeliver": `memhooks deliveries redeliver latest`,

	"dead-letters list":    `memhooks dead-letters list --since 24h`,
	"dead-letters show":    `memhooks dead-letters show latest`,
	"dead-letters redrive": `memhooks dead-letters redrive --hook sync-to-warehouse`,
	"dead-letters discard": `memhooks dead-letters discard latest --reason "wrong address"`,

	"replay": `memhooks replay sync-to-warehouse --from 24h --dry-run`,

	"memories list":   `memhooks memories list`,
	"memories show":   `memhooks memories show default`,
	"memories create": `memhooks memories create "Customer support" --policies gdpr`,

	"keys new":    `memhooks keys new`,
	"keys list":   `memhooks keys list`,
	"keys create": `memhooks keys create "my agent" --scopes read,write`,
	"keys revoke": `memhooks keys revoke "my agent"`,

	"backup":   `memhooks backup backups/tuesday`,
	"erasures": `memhooks erasures --data backups/monday`,
	"restore":  `memhooks restore backups/monday --erasures erasures.jsonl`,

	"version":    `memhooks version`,
	"completion": `memhooks completion bash`,
}
