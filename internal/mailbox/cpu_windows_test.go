package mailbox_test

import (
	"testing"
	"time"
)

func cpuTime(*testing.T) time.Duration { return 0 }
