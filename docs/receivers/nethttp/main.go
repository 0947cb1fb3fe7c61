// Command nethttp is a receiver for hooks of every dialect, on net/http. It
// verifies the bytes as they came, with the Standard Webhooks library, and
// answers 200 only for what it has done.
//
//	SECRET=whsec_... ADDR=127.0.0.1:9000 go run ./docs/receivers/nethttp
//
// SECRET is the hook's, as its creation showed it once. The hook's URL is
// http://127.0.0.1:9000/hook.
package main

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// maxBody is more than any event has: 102,400 bytes.
const maxBody = 200 << 10

type receiver struct {
	secret  string
	webhook *standardwebhooks.Webhook

	mu   sync.Mutex
	done map[string]bool // ids of events; in earnest a table, written in your work's transaction
}

func newReceiver(secret string) (*receiver, error) {
	r := &receiver{secret: secret, done: map[string]bool{}}
	var err error
	if strings.HasPrefix(secret, "whsec_") { // made by memhooks: whsec_ and Base64
		r.webhook, err = standardwebhooks.NewWebhook(secret)
	} else { // one of your own is taken as it is
		r.webhook, err = standardwebhooks.NewWebhookRaw([]byte(secret))
	}
	return r, err
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		http.Error(w, "the body is too long", http.StatusRequestEntityTooLarge)
		return
	}
	if err := r.verify(body, req.Header); err != nil {
		fmt.Println("refused:", err)
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	var event struct {
		Areev    string `json:"event_type"`
		REM      string `json:"event"`
		Standard string `json:"type"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := req.Header.Get("webhook-id")
	if r.done[id] {
		fmt.Println("again", id)
		return // 200
	}
	fmt.Println("new", id, cmp.Or(event.Areev, event.REM, event.Standard)) // here is your work
	r.done[id] = true
}

func (r *receiver) verify(body []byte, header http.Header) error {
	if err := r.webhook.Verify(body, header); err != nil { // body, id and time
		return err
	}
	signature := cmp.Or(header.Get("X-Areev-Signature"), header.Get("X-REM-Signature"))
	if signature == "" {
		return nil
	}
	return verifyProduct(body, signature, r.secret)
}

// verifyProduct checks the product's own header. It signs the body alone, under
// the whole secret as it is written, and says nothing of id and time.
func verifyProduct(body []byte, signature, secret string) error {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	given, err := hex.DecodeString(signature)
	if err != nil || !hmac.Equal(given, mac.Sum(nil)) {
		return errors.New("the product's signature does not match")
	}
	return nil
}

func main() {
	r, err := newReceiver(os.Getenv("SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", cmp.Or(os.Getenv("ADDR"), "127.0.0.1:9000"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	http.Handle("POST /hook", r)
	server := http.Server{ReadTimeout: 10 * time.Second} // nobody may hold a connection for ever
	log.Fatal(server.Serve(listener))
}
