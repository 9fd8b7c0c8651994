//go:build e2e

package monitoring

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const requestLimit = 10 * time.Second

// request sends an HTTP request and returns the status and the body. The status
// is 0 if the server cannot be reached.
func request(t *testing.T, method, url, contentType, body string) (status int, response []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), requestLimit)
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
	response, err = io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, response
}

// up reports whether a GET succeeds.
func up(t *testing.T, url string) bool {
	t.Helper()
	status, _ := request(t, http.MethodGet, url, "", "")
	return status/100 == 2
}
