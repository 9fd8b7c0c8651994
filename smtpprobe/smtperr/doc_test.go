package smtperr_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The package comment lists every sentinel with its equivalents in Python.
func TestPackageComment_Sentinels(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("error.go")
	require.NoError(t, err)
	file, err := parser.ParseFile(token.NewFileSet(), "error.go", source, 0)
	require.NoError(t, err)
	var sentinels []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Err") {
			sentinels = append(sentinels, spec.Names[0].Name)
		}
		return true
	})

	comment, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var documented []string
	for _, row := range regexp.MustCompile(`(?m)^//\t(Err\w+) {2,}(\S.*?) {2,}(\S.*)$`).FindAllStringSubmatch(string(comment), -1) {
		documented = append(documented, row[1])
	}
	require.NotEmpty(t, sentinels)
	require.Equal(t, sentinels, documented)
}
