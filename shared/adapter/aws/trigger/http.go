package trigger

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
)

// HTTP makes an invocation by an HTTP API (payload format 2.0, stage $default)
// a request. It fails only where the event is none of API Gateway's; whatever a
// caller may write in path, query, headers or body reaches the handler, which
// refuses it. The module that does most of this is archived upstream: nothing
// but this function uses it.
func HTTP(api http.Handler) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return func(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		ctx, cancel := early(ctx, margin)
		defer cancel()
		e.RawPath, e.RawQueryString = escaped(e.RawPath, "?"), escaped(e.RawQueryString, "")
		whole := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header = headers(e)
			api.ServeHTTP(w, r.WithContext(ctx))
		})
		answer, err := httpadapter.NewV2(whole).ProxyWithContext(ctx, e)
		if err == nil && len(answer.Body) > maxAnswer {
			return tooLarge(answer), nil
		}
		return answer, err
	}
}

// maxAnswer is how many bytes an answer may have: Lambda takes 6 MB with all
// that is around it, and quotes in it count twice there.
const maxAnswer = 3 << 20

// tooLarge stands for an answer that Lambda would not take.
func tooLarge(answer events.APIGatewayV2HTTPResponse) events.APIGatewayV2HTTPResponse {
	answer.StatusCode, answer.IsBase64Encoded = http.StatusRequestEntityTooLarge, false
	answer.Body = `{"error":{"code":"payload_too_large","message":"the answer has more than 3 MiB: ask for fewer by limit, or narrow what is asked for"}}`
	answer.Headers = maps.Clone(answer.Headers)
	delete(answer.Headers, "Content-Length")
	answer.Headers["Content-Type"] = "application/json"
	return answer
}

// headers are a request's, each with its values in one, as API Gateway joins
// them: a comma in a value parts nothing.
func headers(e events.APIGatewayV2HTTPRequest) http.Header {
	made := make(http.Header, len(e.Headers)+1)
	for name, value := range e.Headers {
		made.Set(name, value)
	}
	if len(e.Cookies) > 0 {
		made.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	made.Del("Host") // it is the request's, not one of its headers
	return made
}

// escaped percent-encodes what may not stand in a path or a query as it is,
// and the given further characters: API Gateway decodes paths before it hands
// them over. What is encoded already stays.
func escaped(s, further string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		known := c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
		if known || c > ' ' && c < 0x7f && c != '#' && c != '%' && strings.IndexByte(further, c) < 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
