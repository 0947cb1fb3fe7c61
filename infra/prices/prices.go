// Package prices is what AWS charges for what memhooks uses: list prices on
// demand in us-east-1, in US dollars, without free tiers, discounts and taxes.
// Tests count and multiply by these; nothing that runs reads them.
package prices

// Read is when the prices were last read, of which pages the table says.
const Read = "2026-11-23"

// Item is something that is charged.
type Item int

// What is charged, each by one.
const (
	HTTPRequest   Item = iota // a call of an HTTP API, up to 512 KB
	Invocation                // of a Lambda function
	GBSecond                  // a gigabyte of a function's memory for a second, arm64
	WriteUnit                 // DynamoDB on demand: up to 1 KB written; twice in a transaction
	ReadUnit                  // DynamoDB on demand: up to 4 KB read consistently
	QueueRequest              // SQS FIFO, up to 64 KB; one that finds nothing too
	KeyRequest                // KMS, with a symmetric key
	LogGB                     // CloudWatch Logs, taken in
	TableGBMonth              // DynamoDB, standard class
	BackupGBMonth             // DynamoDB's point-in-time recovery
	KeyMonth                  // a KMS key; each of its first two rotations is one more
	AlarmMonth                // a CloudWatch alarm
	MetricMonth               // a metric of our own
	items
)

// Price is an item's.
type Price struct {
	What string
	USD  float64 // for Per of them
	Per  float64
	Page string // where it is published
}

// list has one row per item. Reads of a table's stream by a Lambda trigger,
// schedules of EventBridge and the first three dashboards cost nothing.
var list = [items]Price{
	HTTPRequest:   {"HTTP API call", 1.00, 1e6, "aws.amazon.com/api-gateway/pricing"},
	Invocation:    {"Lambda invocation", 0.20, 1e6, "aws.amazon.com/lambda/pricing"},
	GBSecond:      {"Lambda GB-second, arm64", 0.0000133334, 1, "aws.amazon.com/lambda/pricing"},
	WriteUnit:     {"DynamoDB write request unit", 0.625, 1e6, "aws.amazon.com/dynamodb/pricing/on-demand"},
	ReadUnit:      {"DynamoDB read request unit", 0.125, 1e6, "aws.amazon.com/dynamodb/pricing/on-demand"},
	QueueRequest:  {"SQS FIFO request", 0.50, 1e6, "aws.amazon.com/sqs/pricing"},
	KeyRequest:    {"KMS request", 0.03, 1e4, "aws.amazon.com/kms/pricing"},
	LogGB:         {"CloudWatch Logs, GB taken in", 0.50, 1, "aws.amazon.com/cloudwatch/pricing"},
	TableGBMonth:  {"DynamoDB storage, GB-month", 0.25, 1, "aws.amazon.com/dynamodb/pricing/on-demand"},
	BackupGBMonth: {"DynamoDB point-in-time recovery, GB-month", 0.20, 1, "aws.amazon.com/dynamodb/pricing/on-demand"},
	KeyMonth:      {"KMS key, month", 1.00, 1, "aws.amazon.com/kms/pricing"},
	AlarmMonth:    {"CloudWatch alarm, month", 0.10, 1, "aws.amazon.com/cloudwatch/pricing"},
	MetricMonth:   {"CloudWatch metric of our own, month", 0.30, 1, "aws.amazon.com/cloudwatch/pricing"},
}

// Of is what n of an item cost, in dollars.
func Of(i Item, n float64) float64 { return n * list[i].USD / list[i].Per }

// List is every price, in the order of the items.
func List() []Price { return append([]Price(nil), list[:]...) }
