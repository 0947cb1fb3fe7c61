package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/memhooks/memhooks/shared/adapter/aws/attempt"
)

// master wraps cell keys under one key of KMS, which never leaves it. What they
// are about is the encryption context: CloudTrail shows it, and nothing is
// unwrapped under another.
type master struct {
	client *kms.Client
	key    string // its id, ARN or alias
}

func (m master) Wrap(ctx context.Context, about map[string]string, raw []byte) ([]byte, error) {
	answer, err := m.client.Encrypt(ctx, &kms.EncryptInput{KeyId: &m.key, Plaintext: raw, EncryptionContext: about})
	if err != nil {
		return nil, attempt.Failed(err, "wrap under the KMS key %s", m.key)
	}
	return answer.CiphertextBlob, nil
}

func (m master) Unwrap(ctx context.Context, about map[string]string, wrapped []byte) ([]byte, error) {
	answer, err := m.client.Decrypt(ctx, &kms.DecryptInput{KeyId: &m.key, CiphertextBlob: wrapped, EncryptionContext: about})
	if err != nil {
		return nil, attempt.Failed(err, "unwrap under the KMS key %s", m.key)
	}
	return answer.Plaintext, nil
}
