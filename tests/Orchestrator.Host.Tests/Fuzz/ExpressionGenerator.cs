namespace Orchestrator.Host.Tests.Fuzz;

/// <summary>Makes expressions of the Common Expression Language: mostly well-formed, often ill-typed, some torn.</summary>
internal sealed class ExpressionGenerator(Random random)
{
    private const int DepthMax = 5;

    private static readonly string[] Leaves =
        ["self", "self.a", "self.b", "self.list", "self.map", "oldSelf", "oldSelf.a", "object", "object.metadata.name", "object.spec", "oldObject", "request.userInfo.username", "params.x",
         "variables.v", "authorizer", "namespaceObject.metadata.labels", "true", "false", "null", "0", "-1", "1u", "9223372036854775807", "-9223372036854775808", "1.5", "1e308", "'a'", "\"\\u00e4\"", "r'\\d+'",
         "b'\\xff'", "''", "[]", "{}", "[1, 2, 3]", "{'a': 1}", "['a', 1, null]", "duration('1h')", "timestamp('2030-01-01T00:00:00Z')", "type(1)", "x", "e", "int", "self['a b']"];

    private static readonly string[] Binary = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"];

    private static readonly string[] Calls =
        ["size({0})", "string({0})", "int({0})", "uint({0})", "double({0})", "bool({0})", "bytes({0})", "dyn({0})", "has({0}.a)", "has(self.list)", "duration({0})", "timestamp({0})", "quantity({0})", "url({0})",
         "ip({0})", "cidr({0})", "isIP({0})", "isURL({0})", "isQuantity({0})", "format.dns1123Label().validate({0})", "optional.of({0})", "type({0})", "math.greatest({0}, 1)", "semver({0})"];

    private static readonly string[] Members =
        ["{0}.all(e, {1})", "{0}.exists(e, {1})", "{0}.exists_one(e, {1})", "{0}.map(e, {1})", "{0}.filter(e, {1})", "{0}.map(e, e > 1, {1})", "{0}.matches({1})", "{0}.startsWith({1})", "{0}.contains({1})",
         "{0}.split(',')", "{0}.split({1}, 2)", "{0}.replace('a', {1})", "{0}.substring({1})", "{0}.charAt({1})", "{0}.indexOf({1})", "{0}.lowerAscii()", "{0}.join(',')", "{0}.sum()", "{0}.min()", "{0}.isSorted()",
         "{0}.find({1})", "{0}.findAll('a+', {1})", "{0}.getHours()", "{0}.getFullYear('Europe/Zurich')", "{0}.getHost()", "{0}.add({1})", "{0}.compareTo({1})", "{0}.containsIP({1})", "{0}.asInteger()", "{0}[{1}]",
         "{0}[?{1}]", "{0}.?a.orValue({1})", "{0}.hasValue()", "{0}.format([{1}])", "{0}.transformList(i, v, {1})", "cel.bind(x, {0}, {1})", "{0}.group('').resource('pods').check('get').allowed()", "{0}.reverse()", "{0}.trim()"];

    public string Next() => random.Next(20) == 0 ? Torn(Make(0)) : Make(0);

    private string Make(int depth)
    {
        if (depth >= DepthMax || random.Next(5) == 0) return Leaves[random.Next(Leaves.Length)];
        return random.Next(7) switch
        {
            0 => Leaves[random.Next(Leaves.Length)],
            1 => $"{Make(depth + 1)} {Binary[random.Next(Binary.Length)]} {Make(depth + 1)}",
            2 => $"({Make(depth + 1)})",
            3 => $"{(random.Next(2) == 0 ? "!" : "-")}{Make(depth + 1)}",
            4 => $"{Make(depth + 1)} ? {Make(depth + 1)} : {Make(depth + 1)}",
            5 => Calls[random.Next(Calls.Length)].Replace("{0}", Make(depth + 1), StringComparison.Ordinal),
            _ => Members[random.Next(Members.Length)].Replace("{0}", Make(depth + 1), StringComparison.Ordinal).Replace("{1}", Make(depth + 1), StringComparison.Ordinal),
        };
    }

    private string Torn(string text) => random.Next(5) switch
    {
        0 => text[..random.Next(text.Length)],
        1 => new string('(', random.Next(1, 400)) + text,
        2 => string.Concat(Enumerable.Repeat(text + " || ", random.Next(1, 300))) + "true",
        3 => text + (char)random.Next(1, 0x3000),
        _ => string.Concat(Enumerable.Repeat("[1].all(x, ", random.Next(1, 40))) + text + new string(')', 30),
    };
}
