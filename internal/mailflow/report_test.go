package mailflow_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// notification returns a delivery status notification (RFC 3464) with a status and a
// third part.
func notification(status, returned string) string {
	return strings.ReplaceAll(`Return-Path: <>
From: MAILER-DAEMON@example.org
Content-Type: multipart/report; report-type=delivery-status; boundary="b/1"
Subject: Undelivered

--b/1
Content-Type: text/plain

This is the mail system.
--b/1
Content-Type: message/delivery-status

`+status+`
--b/1
`+returned+`
--b/1--
`, "\n", "\r\n")
}

const (
	userUnknown = "Final-Recipient: rfc822; nobody@example.org\nAction: failed\nStatus: 5.1.1\n" +
		"Diagnostic-Code: smtp; 550 5.1.1 <nobody@example.org>: Recipient address rejected:\n    User unknown\n"
	noReturn = "Content-Type: text/plain\n\nnothing returned"
)

// returned returns the part that contains the original message.
func returned(t testing.TB) string {
	t.Helper()
	return "Content-Type: message/rfc822\n\n" + strings.ReplaceAll(string(header(t)), "\r\n", "\n") + "body\n"
}

func TestReader_Report(t *testing.T) {
	t.Parallel()
	signed := newKey(t).Sign(newToken())
	tests := []struct {
		name, message string
		want          *mailflow.Report
	}{
		{
			name:    "token as envelope id",
			message: notification("Reporting-MTA: dns; mx.example.org\nOriginal-Envelope-Id: "+signed+"\n\n"+userUnknown, noReturn),
			want:    &mailflow.Report{Action: mailflow.Failed, Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown"},
		},
		{
			name:    "token as envelope id in xtext",
			message: notification("Original-Envelope-Id: "+strings.ReplaceAll(signed, ".", "+2E")+"\n\n"+userUnknown, noReturn),
			want:    &mailflow.Report{Action: mailflow.Failed, Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown"},
		},
		{
			name:    "token in the returned message",
			message: notification("Reporting-MTA: dns; mx.example.org\n\n"+userUnknown, returned(t)),
			want:    &mailflow.Report{Action: mailflow.Failed, Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown"},
		},
		{
			name:    "token in the returned header",
			message: notification("Reporting-MTA: dns; mx.example.org\n\n"+userUnknown, strings.Replace(returned(t), "message/rfc822", "text/rfc822-headers", 1)),
			want:    &mailflow.Report{Action: mailflow.Failed, Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown"},
		},
		{
			name:    "delayed",
			message: notification("Original-Envelope-Id: "+signed+"\n\nAction: delayed\nStatus: 4.4.1 (no answer)\n", noReturn),
			want:    &mailflow.Report{Action: mailflow.Delayed, Status: "4.4.1"},
		},
		{
			name:    "failed and relayed",
			message: notification("Original-Envelope-Id: "+signed+"\n\nAction: relayed\nStatus: 2.0.0\n\n"+"Action: Failed\nStatus: 5.2.2\n", noReturn),
			want:    &mailflow.Report{Action: mailflow.Failed, Status: "5.2.2"},
		},
		{
			name: "German text in Latin-1",
			message: strings.Replace(notification("Original-Envelope-Id: "+signed+"\n\nAction: failed\nStatus: 5.1.1\n"+
				"Diagnostic-Code: smtp; 550 Empf\xe4nger unbekannt\n", noReturn),
				"Content-Type: text/plain\r\n\r\nThis is the mail system.",
				"Content-Type: text/plain; charset=x-unknown\r\nContent-Transfer-Encoding: 8bit\r\n\r\nUnzustellbar: Empf\xe4nger unbekannt.", 1),
			want: &mailflow.Report{Action: mailflow.Failed, Status: "5.1.1", Diagnostic: "smtp; 550 Empf\xe4nger unbekannt"},
		},
		{
			name: "Japanese text, UTF-8 in header fields",
			message: strings.Replace(notification("Original-Envelope-Id: "+signed+"\n\nAction: failed\nStatus: 5.1.1\n"+
				"Diagnostic-Code: smtp; 550 5.1.1 宛先不明\n", noReturn), "Subject: Undelivered", "Subject: 配信不能", 1),
			want: &mailflow.Report{Action: mailflow.Failed, Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 宛先不明"},
		},
		{
			name: "status for internationalized mail",
			message: strings.Replace(notification("Original-Envelope-Id: "+signed+"\n\nFinal-Recipient: utf-8; 宛先@example.org\nAction: failed\nStatus: 5.1.1\n", noReturn),
				"message/delivery-status", "message/global-delivery-status", 1),
			want: &mailflow.Report{Action: mailflow.Failed, Status: "5.1.1"},
		},
		{
			name: "status in base64",
			message: strings.Replace(notification(base64.StdEncoding.EncodeToString([]byte("Original-Envelope-Id: "+signed+"\n\n"+userUnknown)), noReturn),
				"message/delivery-status\r\n", "message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n", 1),
			want: &mailflow.Report{Action: mailflow.Failed, Status: "5.1.1", Diagnostic: "smtp; 550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown"},
		},
		{name: "no token", message: notification("Reporting-MTA: dns; mx.example.org\n\n"+userUnknown, noReturn)},
		{name: "forged token", message: notification("Original-Envelope-Id: "+signed[:len(signed)-1]+"\n\n"+userUnknown, noReturn)},
		{name: "not null sender", message: strings.Replace(notification("Original-Envelope-Id: "+signed+"\n\n"+userUnknown, noReturn), "<>", "<a@example.org>", 1)},
		{name: "no Return-Path", message: strings.Replace(notification("Original-Envelope-Id: "+signed+"\n\n"+userUnknown, noReturn), "Return-Path", "X-Path", 1)},
		{name: "disposition notification", message: strings.Replace(notification("Original-Envelope-Id: "+signed+"\n\n"+userUnknown, noReturn), "report-type=delivery-status", "report-type=disposition-notification", 1)},
		{name: "multipart/mixed", message: strings.Replace(notification("Original-Envelope-Id: "+signed+"\n\n"+userUnknown, noReturn), "multipart/report", "multipart/mixed", 1)},
		{name: "no boundary", message: strings.Replace(notification("Original-Envelope-Id: "+signed+"\n\n"+userUnknown, noReturn), `; boundary="b/1"`, "", 1)},
		{name: "no status", message: strings.Replace(notification(userUnknown, returned(t)), "message/delivery-status", "text/plain", 1)},
		{name: "empty status", message: notification("", returned(t))},
		{
			name:    "nested report",
			message: notification("Reporting-MTA: dns; a\n\n"+userUnknown, "Content-Type: message/rfc822\n\n"+notification("Original-Envelope-Id: "+signed+"\n\n"+userUnknown, noReturn)),
		},
		{
			name: "5,000 parts before the status",
			message: strings.Replace(notification("Original-Envelope-Id: "+signed+"\n\n"+userUnknown, noReturn), "This is the mail system.",
				strings.Repeat("--b/1\r\nContent-Type: text/plain\r\n\r\nx\r\n", 5000), 1),
		},
		{
			name:    "10 MiB",
			message: strings.Replace(notification("Original-Envelope-Id: "+signed+"\n\n"+userUnknown, noReturn), "This is the mail system.", strings.Repeat("A", 10<<20), 1),
		},
		{
			name:    "nested multiparts",
			message: "Return-Path: <>\r\n" + strings.Repeat("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n", 3000),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// Files of a Maildir have LF as the end of line.
			for _, message := range []string{tt.message, strings.ReplaceAll(tt.message, "\r\n", "\n")} {
				s, ok := newReader(t).Report([]byte(message), arrivedAfter(time.Minute))
				require.Equal(t, tt.want != nil, ok)
				require.Equal(t, tt.want, s.Report)
				if ok {
					_, kind := newReader(t).Header([]byte(message), arrivedAfter(time.Minute))
					require.Equal(t, mailflow.PossibleReport, kind)
					require.EqualValues(t, 1, s.Token.Seq)
				}
			}
		})
	}
}

func TestReader_Report_NullSenderOfEnvelope(t *testing.T) {
	t.Parallel()
	message := strings.Replace(notification("Reporting-MTA: dns; a\n\n"+userUnknown, returned(t)), "Return-Path", "X-Path", 1)
	o := arrivedAfter(time.Minute)
	o.NullSender = true
	_, ok := newReader(t).Report([]byte(message), o)
	require.True(t, ok)
}

func FuzzReport(f *testing.F) {
	f.Add(notification("Original-Envelope-Id: x\n\n"+userUnknown, noReturn))
	f.Add(notification("Reporting-MTA: dns; a\n\n"+userUnknown, returned(f)))
	f.Fuzz(func(t *testing.T, message string) {
		s, ok := newReader(t).Report([]byte(message), arrivedAfter(time.Minute))
		require.Equal(t, ok, s.Report != nil)
	})
}
