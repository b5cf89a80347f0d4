using Orchestrator.Actors.Cel.Types;

namespace Orchestrator.Actors.Tests.Cel;

public sealed class CelCheckerTests
{
    public static TheoryData<string, string> Faults => new()
    {
        { "self.x", "ERROR: <input>:1:1: undeclared reference to 'self' (in container '')\n | self.x\n | ^" },
        { "1 + y", "ERROR: <input>:1:5: undeclared reference to 'y' (in container '')\n | 1 + y\n | ....^" },
        { "foo(1)", "ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')\n | foo(1)\n | ...^" },
        { "i.bar()", "ERROR: <input>:1:6: undeclared reference to 'bar' (in container '')\n | i.bar()\n | .....^" },
        { "i + 'a'", "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'\n | i + 'a'\n | ..^" },
        { "i == 1.0", "ERROR: <input>:1:3: found no matching overload for '_==_' applied to '(int, double)'\n | i == 1.0\n | ..^" },
        { "s.startsWith(1)", "ERROR: <input>:1:13: found no matching overload for 'startsWith' applied to 'string.(int)'\n | s.startsWith(1)\n | ............^" },
        { "i.foo", "ERROR: <input>:1:2: type 'int' does not support field selection\n | i.foo\n | .^" },
        { "[1, 'a']", "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^" },
        { "i.all(v, true)", "ERROR: <input>:1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n | i.all(v, true)\n | ^" },
        { "names.all(v, v)", "ERROR: <input>:1:10: found no matching overload for '_&&_' applied to '(bool, string)'\n | names.all(v, v)\n | .........^" },
        { "names.all(v.w, true)", "ERROR: <input>:1:12: argument must be a simple name\n | names.all(v.w, true)\n | ...........^" },
        { "has(i)", "ERROR: <input>:1:5: invalid argument to has() macro\n | has(i)\n | ....^" },
        { "s == null", "ERROR: <input>:1:3: found no matching overload for '_==_' applied to '(string, null)'\n | s == null\n | ..^" },
        { "!i", "ERROR: <input>:1:1: found no matching overload for '!_' applied to '(int)'\n | !i\n | ^" },
        { "i ? 1 : 2", "ERROR: <input>:1:3: found no matching overload for '_?_:_' applied to '(int, int, int)'\n | i ? 1 : 2\n | ..^" },
        { "1 +", "ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 1 +\n | ...^" },
        { "for", "ERROR: <input>:1:1: Syntax error: reserved identifier: for\n | for\n | ^" },
        { "99999999999999999999", "ERROR: <input>:1:1: Syntax error: invalid int literal\n | 99999999999999999999\n | ^" },
        { "duration('1x') == duration(s)", "ERROR: <input>:1:10: invalid duration argument\n | duration('1x') == duration(s)\n | .........^" },
        { "timestamp('x') == timestamp(s)", "ERROR: <input>:1:11: invalid timestamp argument\n | timestamp('x') == timestamp(s)\n | ..........^" },
        { "s.matches('[')", "ERROR: <input>:1:11: invalid matches argument\n | s.matches('[')\n | ..........^" },
        { "s.find('[') == ''", "ERROR: <input>:1:8: error parsing regexp: missing closing ]: `[`\n | s.find('[') == ''\n | .......^" },
        { "'%d'.format(['a']) == s", "ERROR: <input>:1:14: error during formatting: decimal clause can only be used on integers, was given string\n | '%d'.format(['a']) == s\n | .............^" },
        { "'%s'.format([{'a': [quantity('1')]}]) == s", "ERROR: <input>:1:29: error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given kubernetes.Quantity\n | '%s'.format([{'a': [quantity('1')]}]) == s\n | ............................^" },
        { "'%f'.format([i]) == s", "ERROR: <input>:1:14: error during formatting: fixed-point clause can only be used on doubles, was given int\n | '%f'.format([i]) == s\n | .............^" },
        { "'%s'.format([]) == s", "ERROR: <input>:1:12: index 0 out of range\n | '%s'.format([]) == s\n | ...........^" },
        { "'%'.format([]) == s", "ERROR: <input>:1:11: unexpected end of string\n | '%'.format([]) == s\n | ..........^" },
        { "'%s'.format([1, 2]) == s", "ERROR: <input>:1:12: too many arguments supplied to string.format (expected 1, got 2)\n | '%s'.format([1, 2]) == s\n | ...........^" },
        { "'%q'.format([1]) == s", "ERROR: <input>:1:12: could not parse formatting clause: unrecognized formatting clause \"q\"\n | '%q'.format([1]) == s\n | ...........^" },
        { "a\n&& b", "ERROR: <input>:1:1: undeclared reference to 'a' (in container '')\n | a\n | ^\nERROR: <input>:2:4: undeclared reference to 'b' (in container '')\n | && b\n | ...^" },
    };

    public static TheoryData<string, string> Types => new()
    {
        { "[1]", "list(int)" },
        { "{'a': [1.0]}", "map(string, list(double))" },
        { "names.map(v, v.size())", "list(int)" },
        { "names.filter(v, true)", "list(string)" },
        { "[]", "list(dyn)" },
        { "[] + [1]", "list(int)" },
        { "x.a", "dyn" },
        { "true ? dyn(1) : dyn('')", "dyn" },
        { "optional.of(1)", "optional_type(int)" },
        { "labels.?app", "optional_type(string)" },
        { "labels.?app.orValue('')", "string" },
        { "names[0]", "string" },
        { "type(1)", "type(int)" },
        { "quantity('1')", "kubernetes.Quantity" },
        { "timestamp('2024-01-01T00:00:00Z') - timestamp(0)", "google.protobuf.Duration" },
        { "names.transformMap(j, v, v)", "map(int, string)" },
        { "cel.bind(v, 1, v + 1)", "int" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Compile_OfFaultyExpression_SaysWhere(string expression, string expected) =>
        Assert.Equal(expected, CelFixture.Environment.Compile(expression).Errors);

    // A long expression with many faults must not become an answer of a hundred times its size.
    [Fact]
    public void Compile_OfExpressionWithManyFaults_ShowsTheFirstHundredAndNoLongLines()
    {
        var errors = CelFixture.Environment.Compile(string.Join(" ||\n", Enumerable.Repeat("nobody", 240))).Errors.Split('\n');
        Assert.Equal((301, "140 more errors were truncated"), (errors.Length, errors[^1]));
        var onOneLine = CelFixture.Environment.Compile(string.Join(" || ", Enumerable.Repeat("nobody", 1600))).Errors;
        Assert.InRange(onOneLine.Length, 32 * 1024, 2 * 32 * 1024);
        Assert.EndsWith(" more errors were truncated", onOneLine, StringComparison.Ordinal);
        var wide = CelFixture.Environment.Compile($"nobody == '{new string('x', 20_000)}'").Errors;
        Assert.Equal("ERROR: <input>:1:1: undeclared reference to 'nobody' (in container '')", wide);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Compile_FindsTheType(string expression, string type)
    {
        var compilation = CelFixture.Environment.Compile(expression);
        Assert.Equal("", compilation.Errors);
        Assert.Equal(type, compilation.ResultType.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("(")]
    [InlineData("1 2")]
    [InlineData("'abc")]
    [InlineData("a.")]
    [InlineData("[1, 2")]
    [InlineData("{1}")]
    [InlineData("\u0001")]
    [InlineData("x.in")]
    public void Compile_OfBrokenText_HasIssuesAndNoProgram(string expression)
    {
        var compilation = CelFixture.Environment.Compile(expression);
        Assert.Null(compilation.Program);
        Assert.NotEmpty(compilation.Issues);
    }

    [Fact]
    public void Compile_OfDeepNesting_IsRefused()
    {
        Assert.Contains("expression recursion limit exceeded", CelFixture.Environment.Compile(new string('(', 5000)).Errors, StringComparison.Ordinal);
        Assert.Contains("expression recursion limit exceeded", CelFixture.Environment.Compile("i" + string.Concat(Enumerable.Repeat(" + i", 5000))).Errors, StringComparison.Ordinal);
        Assert.Null(CelFixture.Environment.Compile("x" + string.Concat(Enumerable.Repeat("[0]", 5000))).Program);
        Assert.NotNull(CelFixture.Environment.Compile("true" + string.Concat(Enumerable.Repeat(" && true", 2000))).Program);
    }

    [Fact]
    public void Compile_OfObjectType_KnowsItsFields()
    {
        var environment = CelFixture.Environment.With(("self", CelType.Object("Test", static n => n == "a" ? CelType.Int : null)));
        Assert.Equal(CelTypeKind.Int, environment.Compile("self.a").ResultType.Kind);
        Assert.Equal("ERROR: <input>:1:5: undefined field 'b'\n | self.b\n | ....^", environment.Compile("self.b").Errors);
    }
}
