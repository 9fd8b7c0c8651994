package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/explain"
)

func TestExplain(t *testing.T) {
	got := program("explain", "auth_failed/auth_disabled")
	require.Equal(t, statusOK, got.status)
	require.Contains(t, got.stdout, "what to do  Enable SMTP AUTH for the account or tenant")
	require.Contains(t, program("explain").stdout, "\nrelay_denied ")
	require.Contains(t, program("explain").stdout, "\ntlsa-invalid ")
	require.Contains(t, program("explain", "unvalidated").stdout, "a sender  is not bound by them")
	require.Contains(t, program("explain", "tlsa-invalid").stdout, "what to do  Publish the TLSA record of the present certificate")
}

func TestExplain_Usage(t *testing.T) {
	for argument, want := range map[string]string{
		"no_such_reason": `unknown class or reason "no_such_reason"`,
		"a b":            `unexpected argument "b"`,
	} {
		got := program(append([]string{"explain"}, strings.Fields(argument)...)...)
		require.Equal(t, statusUsage, got.status)
		require.Empty(t, got.stdout)
		require.Contains(t, got.stderr, want)
	}
}

func TestDocument_ReasonsAndClasses(t *testing.T) {
	var reasons, classes strings.Builder
	require.NoError(t, explain.ReasonsMarkdown(&reasons))
	require.NoError(t, explain.ClassesMarkdown(&classes))
	requireFile(t, "docs/reasons.md", reasons.String())
	requireFile(t, "docs/classes.md", classes.String())
	var results strings.Builder
	require.NoError(t, explain.PoliciesMarkdown(&results))
	requireSection(t, "docs/policy.md", "results", results.String())
}
