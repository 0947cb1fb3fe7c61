package pii_test

import (
	"fmt"

	"github.com/memhooks/memhooks/shared/redact/pii"
)

func ExampleDetect() {
	text := "Patient John Smith, DOB 1955-03-15, MRN 12345678"
	for _, d := range pii.Detect(text) {
		fmt.Println(d.Type, text[d.Start:d.End], d.Confidence)
	}
	// Output:
	// name John Smith 0.8
	// date_of_birth 1955-03-15 0.92
	// medical_record_number 12345678 0.92
}
