module github.com/memhooks/memhooks

go 1.26.0

require (
	code.dny.dev/ssrf v0.3.0 // the address ranges that no webhook may reach, kept up to date by others
	github.com/alecthomas/kong v1.17.0 // the command line: help, flags, commands from structs
	github.com/caarlos0/env/v11 v11.4.2 // settings from the environment into one struct
	github.com/danielgtaylor/huma/v2 v2.37.2 // OpenAPI 3.1 from Go types, on the standard mux
	github.com/oklog/ulid/v2 v2.1.2 // ids that sort by time
	github.com/prometheus/client_golang v1.25.0 // /metrics in the format that everyone scrapes
	github.com/standard-webhooks/standard-webhooks/libraries v0.0.1 // tests only: the verifier that others wrote, as an oracle
	go.opentelemetry.io/otel v1.47.0 // traces: the API
	go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp v1.47.0 // traces: where they go
	go.opentelemetry.io/otel/sdk v1.47.0 // traces: batching
	go.opentelemetry.io/otel/trace v1.47.0 // traces: spans
	golang.org/x/text v0.43.0 // Unicode normal forms
	golang.org/x/time v0.16.0 // token buckets for rate limits
	modernc.org/sqlite v1.61.1 // the embedded store, without cgo
	go.opentelemetry.io/proto/otlp v1.11.1 // tests only: the collector's side of traces
	google.golang.org/protobuf v1.36.12 // tests only: the collector's side of traces
	pgregory.net/rapid v1.3.0 // tests only: properties with shrinking
)

require (
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cenkalti/backoff/v5 v5.0.3 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/dustin/go-humanize v1.1.0 // indirect
	github.com/go-logr/logr v1.4.4 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/grpc-ecosystem/grpc-gateway/v2 v2.31.0 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/ncruces/go-strftime v1.1.0 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/otel/exporters/otlp/otlptrace v1.47.0 // indirect
	go.opentelemetry.io/otel/log v1.47.0 // indirect
	go.opentelemetry.io/otel/metric v1.47.0 // indirect
	golang.org/x/net v0.59.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20260928230214-8a89bd6388cc // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260928230214-8a89bd6388cc // indirect
	google.golang.org/grpc v1.84.0 // indirect
	modernc.org/libc v1.79.0 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
)
