package table

import (
	"fmt"
	"maps"
	"strconv"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// The attributes that are a row's key, both texts: the table's partition key
// and sort key.
const (
	PartAttribute = "pk"
	SortAttribute = "sk"
)

type item = map[string]types.AttributeValue

func itemOf(key Key, row Row) (item, error) {
	made := make(item, len(row)+2)
	for name, v := range row {
		value, err := valueOf(v)
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", name, err)
		}
		made[name] = value
	}
	k, err := keyOf(key)
	maps.Copy(made, k)
	return made, err
}

func keyOf(key Key) (item, error) {
	if !utf8.ValidString(key.Part) || !utf8.ValidString(key.Sort) {
		return nil, fmt.Errorf("the key %+q is no UTF-8", key)
	}
	return item{
		PartAttribute: &types.AttributeValueMemberS{Value: key.Part},
		SortAttribute: &types.AttributeValueMemberS{Value: key.Sort},
	}, nil
}

// valueOf refuses texts that JSON, which carries them, would silently mend.
func valueOf(v any) (types.AttributeValue, error) {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("the text %+q is no UTF-8: keep it as bytes", v)
		}
		return &types.AttributeValueMemberS{Value: v}, nil
	case int64:
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(v, 10)}, nil
	case []byte:
		return &types.AttributeValueMemberB{Value: v}, nil
	}
	return nil, fmt.Errorf("%T is none of string, int64, []byte", v)
}

func plain(v types.AttributeValue) (any, error) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value, nil
	case *types.AttributeValueMemberN:
		return strconv.ParseInt(v.Value, 10, 64)
	case *types.AttributeValueMemberB:
		return v.Value, nil
	}
	return nil, fmt.Errorf("%T is none of S, N, B", v)
}

func plainStreamed(v streams.AttributeValue) (any, error) {
	switch v := v.(type) {
	case *streams.AttributeValueMemberS:
		return v.Value, nil
	case *streams.AttributeValueMemberN:
		return strconv.ParseInt(v.Value, 10, 64)
	case *streams.AttributeValueMemberB:
		return v.Value, nil
	}
	return nil, fmt.Errorf("%T is none of S, N, B", v)
}

// Unpack parts an item's attributes, of any of the forms in which AWS hands
// them over, into key and row; plain makes a string, an int64 or a []byte of
// one attribute. An item without attributes is a nil row. It fails where an
// attribute is of another type, which the adapter never wrote.
func Unpack[V any](attributes map[string]V, plain func(V) (any, error)) (Key, Row, error) {
	if len(attributes) == 0 {
		return Key{}, nil, nil
	}
	row := make(Row, len(attributes))
	for name, v := range attributes {
		value, err := plain(v)
		if err != nil {
			return Key{}, nil, fmt.Errorf("attribute %q is not one that this program writes: %w", name, err)
		}
		row[name] = value
	}
	key := Key{Part: row.Text(PartAttribute), Sort: row.Text(SortAttribute)}
	delete(row, PartAttribute)
	delete(row, SortAttribute)
	return key, row, nil
}
