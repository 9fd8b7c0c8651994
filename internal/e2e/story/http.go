//go:build e2e

package story

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const askLimit = 10 * time.Second

// request asks a database, and returns the status and the whole body.
func request(t *testing.T, method, url, contentType, body string) (status int, answer []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	require.NoError(t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, answer
}

// up reports whether a server answers a GET with success.
func up(t *testing.T, url string) bool {
	t.Helper()
	status, _ := request(t, http.MethodGet, url, "", "")
	return status/100 == 2
}
