package smtperr_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

func TestReasons_Constants(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	require.NoError(t, err)
	var declared []smtperr.Reason
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") {
			return true
		}
		value, ok := spec.Values[0].(*ast.BasicLit)
		require.True(t, ok)
		name, err := strconv.Unquote(value.Value)
		require.NoError(t, err)
		declared = append(declared, smtperr.Reason(name))
		return true
	})
	require.NotEmpty(t, declared)
	require.ElementsMatch(t, declared, smtperr.Reasons())
	for _, r := range declared {
		parsed, err := smtperr.ParseReason(string(r))
		require.NoError(t, err)
		require.Equal(t, r, parsed)
	}
	_, err = smtperr.ParseReason("no_such_name")
	require.EqualError(t, err, `unknown reason "no_such_name"`)
}
