module github.com/memhooks/memhooks

go 1.26.0

require (
	code.dny.dev/ssrf v0.3.0 // the address ranges that no webhook may reach, kept up to date by others
	github.com/alecthomas/kong v1.17.0 // the command line: help, flags, commands from structs
	github.com/aws/aws-lambda-go v1.55.1 // the functions' way to their triggers
	github.com/aws/aws-sdk-go-v2 v1.47.7 // the AWS adapter: calls, retries, signatures
	github.com/aws/aws-sdk-go-v2/config v1.33.15 // the AWS adapter: region, credentials and endpoint from where everyone has them
	github.com/aws/aws-sdk-go-v2/service/dynamodb v1.73.1 // the AWS adapter's tables
	github.com/aws/aws-sdk-go-v2/service/dynamodbstreams v1.46.6 // the tables' streams, read outside of Lambda
	github.com/aws/aws-sdk-go-v2/service/kms v1.62.4 // the AWS adapter's master key
	github.com/aws/aws-sdk-go-v2/service/sqs v1.52.10 // the AWS adapter's queues
	github.com/aws/smithy-go v1.28.8 // the SDK's errors and middleware
	github.com/awslabs/aws-lambda-go-api-proxy v0.16.2 // API Gateway's events as HTTP requests
	github.com/caarlos0/env/v11 v11.4.2 // settings from the environment into one struct
	github.com/chromedp/cdproto v0.159.0 // tests only: the words of Chromium's protocol
	github.com/chromedp/chromedp v0.23.0 // tests only: the console in a real browser
	github.com/danielgtaylor/huma/v2 v2.37.2 // OpenAPI 3.1 from Go types, on the standard mux
	github.com/oklog/ulid/v2 v2.1.2 // ids that sort by time
	github.com/prometheus/client_golang v1.25.0 // /metrics in the format that everyone scrapes
	github.com/rogpeppe/go-internal v1.16.0 // tests only: the command line in scripts, as a person types it
	github.com/standard-webhooks/standard-webhooks/libraries v0.0.1 // the verifier that others wrote: an oracle in tests, and what docs/receivers shows
	github.com/testcontainers/testcontainers-go v0.44.0 // tests only: AWS's services in a container
	go.opentelemetry.io/otel v1.47.0 // traces: the API
	go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp v1.47.0 // traces: where they go
	go.opentelemetry.io/otel/sdk v1.47.0 // traces: batching
	go.opentelemetry.io/otel/trace v1.47.0 // traces: spans
	go.opentelemetry.io/proto/otlp v1.11.1 // tests only: the collector's side of traces
	go.yaml.in/yaml/v3 v3.0.6 // tests only: template.yaml, held to the code
	golang.org/x/crypto/x509roots/fallback v0.0.0-20261030153154-30a33513ff6d // the roots that the image trusts
	golang.org/x/text v0.43.0 // Unicode normal forms
	golang.org/x/time v0.16.0 // token buckets for rate limits
	google.golang.org/protobuf v1.36.12 // tests only: the collector's side of traces
	modernc.org/sqlite v1.61.1 // the embedded store, without cgo
	pgregory.net/rapid v1.3.0 // tests only: properties with shrinking
)

require (
	dario.cat/mergo v1.0.2 // indirect
	github.com/Azure/go-ansiterm v0.0.0-20250102033503-faa5f7b0171c // indirect
	github.com/Microsoft/go-winio v0.6.2 // indirect
	github.com/aws/aws-sdk-go-v2/credentials v1.20.15 // indirect
	github.com/aws/aws-sdk-go-v2/feature/ec2/imds v1.20.7 // indirect
	github.com/aws/aws-sdk-go-v2/internal/configsources v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/endpoints/v2 v2.8.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/v4a v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding v1.13.24 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/endpoint-discovery v1.13.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/presigned-url v1.14.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/signin v1.12.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/sso v1.39.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/ssooidc v1.44.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/sts v1.51.8 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cenkalti/backoff/v4 v4.3.0 // indirect
	github.com/cenkalti/backoff/v5 v5.0.3 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/containerd/errdefs v1.0.0 // indirect
	github.com/containerd/errdefs/pkg v0.3.0 // indirect
	github.com/containerd/log v0.1.0 // indirect
	github.com/containerd/platforms v0.2.1 // indirect
	github.com/cpuguy83/dockercfg v0.3.2 // indirect
	github.com/distribution/reference v0.6.0 // indirect
	github.com/docker/go-connections v0.7.0 // indirect
	github.com/docker/go-units v0.5.0 // indirect
	github.com/dustin/go-humanize v1.1.0 // indirect
	github.com/ebitengine/purego v0.10.1 // indirect
	github.com/felixge/httpsnoop v1.1.0 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/go-logr/logr v1.4.4 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/go-ole/go-ole v1.3.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/grpc-ecosystem/grpc-gateway/v2 v2.31.0 // indirect
	github.com/klauspost/compress v1.20.1 // indirect
	github.com/lufia/plan9stats v0.0.0-20260330125221-c963978e514e // indirect
	github.com/magiconair/properties v1.8.10 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/moby/docker-image-spec v1.3.1 // indirect
	github.com/moby/go-archive v0.2.0 // indirect
	github.com/moby/moby/api v1.55.0 // indirect
	github.com/moby/moby/client v0.5.0 // indirect
	github.com/moby/patternmatcher v0.6.1 // indirect
	github.com/moby/sys/sequential v0.7.0 // indirect
	github.com/moby/sys/user v0.4.0 // indirect
	github.com/moby/sys/userns v0.1.0 // indirect
	github.com/moby/term v0.5.2 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/ncruces/go-strftime v1.1.0 // indirect
	github.com/opencontainers/go-digest v1.0.0 // indirect
	github.com/opencontainers/image-spec v1.1.1 // indirect
	github.com/power-devops/perfstat v0.0.0-20240221224432-82ca36839d55 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/shirou/gopsutil/v4 v4.26.6 // indirect
	github.com/sirupsen/logrus v1.9.4 // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	github.com/tklauser/go-sysconf v0.4.0 // indirect
	github.com/tklauser/numcpus v0.12.0 // indirect
	github.com/yusufpapurcu/wmi v1.2.4 // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp v0.71.0 // indirect
	go.opentelemetry.io/otel/exporters/otlp/otlptrace v1.47.0 // indirect
	go.opentelemetry.io/otel/log v1.47.0 // indirect
	go.opentelemetry.io/otel/metric v1.47.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/net v0.61.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20260928230214-8a89bd6388cc // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260928230214-8a89bd6388cc // indirect
	google.golang.org/grpc v1.84.0 // indirect
	modernc.org/libc v1.79.0 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
)
