using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Cel.Values;

namespace Orchestrator.Actors.Cel.Syntax;

/// <summary>Turns text into an expression; macros are expanded on the way.</summary>
/// <remarks>The grammar is that of cel-spec; the limits are those of cel-go.</remarks>
internal sealed class CelParser
{
    /// <summary>How deep expressions may nest (count).</summary>
    public const int DepthMax = 250;

    /// <summary>How long an expression may be (characters).</summary>
    public const int LengthMax = 100_000;

    private const string Expected = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return",
        "var", "void", "while",
    };

    private readonly string _source;
    private readonly List<CelIssue> _issues = [];
    private readonly List<CelToken> _tokens;
    private readonly CelMacros _macros;
    private int _at;
    private int _depth;

    private CelParser(string source)
    {
        _source = source;
        _macros = new CelMacros(Report);
        _tokens = new CelLexer(source, Report).Read();
    }

    /// <returns>The expression, or null and what is wrong with it.</returns>
    public static (CelExpr? Expression, ImmutableArray<CelIssue> Issues) Parse(string source)
    {
        var length = CelText.Length(source);
        if (length > LengthMax)
            return (null, [new CelIssue($"expression code point size exceeds limit: size: {length}, limit {LengthMax}", source, -1)]);
        var parser = new CelParser(source);
        CelExpr? expression = null;
        try
        {
            expression = parser.ParseExpression();
            if (parser.Current.Kind != CelTokenKind.End) throw parser.Unexpected("extraneous input", "<EOF>");
        }
        catch (SyntaxException)
        {
            // Reported where it was thrown.
        }
        return parser._issues.Count > 0 ? (null, [.. parser._issues.OrderBy(static i => i.Offset)]) : (expression, []);
    }

    private CelToken Current => _tokens[_at];

    private void Report(int offset, string message) => _issues.Add(new CelIssue(message, _source, offset));

    private SyntaxException Unexpected(string what, string expected)
    {
        Report(Current.Offset, $"Syntax error: {what} '{Current.Raw}' expecting {expected}");
        return new SyntaxException();
    }

    private bool Is(string symbol) => Current.Kind == CelTokenKind.Symbol && Current.Text == symbol;

    private bool Take(string symbol)
    {
        if (!Is(symbol)) return false;
        _at++;
        return true;
    }

    private void Require(string symbol)
    {
        if (!Take(symbol)) throw Unexpected(Current.Kind == CelTokenKind.End ? "mismatched input" : "extraneous input", $"'{symbol}'");
    }

    private CelExpr ParseExpression()
    {
        if (++_depth > DepthMax)
        {
            Report(Current.Offset, $"expression recursion limit exceeded: {DepthMax}");
            throw new SyntaxException();
        }
        var condition = ParseBalanced("||", CelOperators.Or, () => ParseBalanced("&&", CelOperators.And, ParseRelation));
        if (Is("?"))
        {
            var offset = Current.Offset;
            _at++;
            var whenTrue = ParseBalanced("||", CelOperators.Or, () => ParseBalanced("&&", CelOperators.And, ParseRelation));
            Require(":");
            condition = new CelCall(CelOperators.Conditional, null, [condition, whenTrue, ParseExpression()], offset);
        }
        _depth--;
        return condition;
    }

    /// <summary>A chain of one logical operator as a balanced tree, so that its depth stays small.</summary>
    private CelExpr ParseBalanced(string symbol, string function, Func<CelExpr> part)
    {
        var first = part();
        if (!Is(symbol)) return first;
        var terms = new List<CelExpr> { first };
        var offsets = new List<int>();
        while (Is(symbol))
        {
            offsets.Add(Current.Offset);
            _at++;
            terms.Add(part());
        }
        return Balance(0, offsets.Count - 1);

        CelExpr Balance(int low, int high)
        {
            var middle = (low + high + 1) / 2;
            var left = middle == low ? terms[middle] : Balance(low, middle - 1);
            var right = middle == high ? terms[middle + 1] : Balance(middle + 1, high);
            return new CelCall(function, null, [left, right], offsets[middle]);
        }
    }

    private CelExpr ParseRelation()
    {
        var left = ParseSum();
        for (var links = 0; ; links++)
        {
            var function = Current.Kind == CelTokenKind.In ? CelOperators.In : Current.Kind != CelTokenKind.Symbol ? null : Current.Text switch
            {
                "==" => CelOperators.Equal,
                "!=" => CelOperators.NotEqual,
                "<" => CelOperators.Less,
                "<=" => CelOperators.LessEqual,
                ">" => CelOperators.Greater,
                ">=" => CelOperators.GreaterEqual,
                _ => null,
            };
            if (function is null) return left;
            left = Binary(function, left, ParseSum, links);
        }
    }

    private CelExpr ParseSum()
    {
        var left = ParseProduct();
        for (var links = 0; Is("+") || Is("-"); links++) left = Binary(Is("+") ? CelOperators.Add : CelOperators.Subtract, left, ParseProduct, links);
        return left;
    }

    private CelExpr ParseProduct()
    {
        var left = ParseUnary();
        for (var links = 0; Is("*") || Is("/") || Is("%"); links++)
            left = Binary(Is("*") ? CelOperators.Multiply : Is("/") ? CelOperators.Divide : CelOperators.Modulo, left, ParseUnary, links);
        return left;
    }

    // A chain nests to the left, and what walks it later is recursive.
    private CelCall Binary(string function, CelExpr left, Func<CelExpr> right, int links)
    {
        var offset = Current.Offset;
        if (links >= DepthMax)
        {
            Report(offset, $"expression recursion limit exceeded: {DepthMax}");
            throw new SyntaxException();
        }
        _at++;
        return new CelCall(function, null, [left, right()], offset);
    }

    private CelExpr ParseUnary()
    {
        if (!Is("!") && !Is("-")) return ParseMember();
        var symbol = Current.Text;
        var offset = Current.Offset;
        var count = 0;
        // "-1" is one literal, so that the least int can be written.
        if (symbol == "-" && _tokens[_at + 1].Kind is CelTokenKind.Int or CelTokenKind.Double)
        {
            _at++;
            return ParseMember("-", offset);
        }
        while (Is(symbol))
        {
            if (symbol == "-" && count > 0 && _tokens[_at + 1].Kind is CelTokenKind.Int or CelTokenKind.Double && count % 2 == 1) break;
            count++;
            _at++;
        }
        if (Is("!")) throw Unexpected("extraneous input", Expected);
        var operand = Is("-") ? ParseUnary() : ParseMember();
        return count % 2 == 0 ? operand : new CelCall(symbol == "!" ? CelOperators.Not : CelOperators.Negate, null, [operand], offset);
    }

    private CelExpr ParseMember(string sign = "", int signOffset = 0)
    {
        var value = ParsePrimary(sign, signOffset);
        for (var links = 0; ; links++)
        {
            if (links >= DepthMax)
            {
                Report(Current.Offset, $"expression recursion limit exceeded: {DepthMax}");
                throw new SyntaxException();
            }
            var offset = Current.Offset;
            if (Take("."))
            {
                var optional = Take("?");
                // Any word may name a field but the four that are literals or operators.
                if (Current.Kind != CelTokenKind.Ident) throw Unexpected("mismatched input", "IDENTIFIER");
                var name = _tokens[_at++].Text;
                if (!optional && Is("("))
                {
                    var open = Current.Offset;
                    _at++;
                    value = Call(name, value, ParseArguments(), open);
                }
                else value = new CelSelect(value, name, false, optional, offset);
            }
            else if (Take("["))
            {
                var function = Take("?") ? CelOperators.OptionalIndex : CelOperators.Index;
                var index = ParseExpression();
                Require("]");
                value = new CelCall(function, null, [value, index], offset);
            }
            else return value;
        }
    }

    private ImmutableArray<CelExpr> ParseArguments()
    {
        var args = ImmutableArray.CreateBuilder<CelExpr>();
        if (Take(")")) return [];
        do args.Add(ParseExpression());
        while (Take(","));
        Require(")");
        return args.ToImmutable();
    }

    private CelExpr Call(string name, CelExpr? target, ImmutableArray<CelExpr> args, int offset) =>
        _macros.Expand(name, target, args, offset) ?? new CelCall(name, target, args, offset);

    private CelExpr ParsePrimary(string sign, int signOffset)
    {
        var token = Current;
        switch (token.Kind)
        {
            case CelTokenKind.Int or CelTokenKind.Uint or CelTokenKind.Double:
                _at++;
                return Number(token, sign, sign.Length > 0 ? signOffset : token.Offset);
            case CelTokenKind.String:
                _at++;
                return new CelConstant(new CelString(token.Text), token.Offset);
            case CelTokenKind.Bytes:
                _at++;
                return new CelConstant(new CelBytes(token.Bytes!), token.Offset);
            case CelTokenKind.True or CelTokenKind.False:
                _at++;
                return new CelConstant(CelBool.Of(token.Kind == CelTokenKind.True), token.Offset);
            case CelTokenKind.Null:
                _at++;
                return new CelConstant(CelNull.Instance, token.Offset);
            case CelTokenKind.Ident:
                return ParseName("");
        }
        if (Take("("))
        {
            var inner = ParseExpression();
            Require(")");
            return inner;
        }
        if (Take("[")) return ParseList(token.Offset);
        if (Take("{")) return ParseEntries("", token.Offset);
        if (Is(".") && _tokens[_at + 1].Kind == CelTokenKind.Ident)
        {
            _at++;
            return ParseName(".");
        }
        throw Unexpected("mismatched input", Expected);
    }

    private CelExpr ParseName(string root)
    {
        var token = _tokens[_at++];
        var name = root + token.Text;
        if (Reserved.Contains(token.Text) && token.Raw[0] != '`') Report(token.Offset, $"Syntax error: reserved identifier: {token.Text}");
        if (Is("("))
        {
            var open = Current.Offset;
            _at++;
            return Call(name, null, ParseArguments(), open);
        }
        // "a.b.C{...}" constructs a message; anything else is an ordinary name.
        var ahead = _at;
        while (_tokens[ahead].Text == "." && _tokens[ahead + 1].Kind == CelTokenKind.Ident) ahead += 2;
        if (_tokens[ahead] is { Kind: CelTokenKind.Symbol, Text: "{" })
        {
            while (_at < ahead) name += _tokens[_at++].Text;
            var offset = Current.Offset;
            _at++;
            return ParseEntries(name, offset);
        }
        return new CelIdent(name, token.Offset);
    }

    private CelListExpr ParseList(int offset)
    {
        var items = ImmutableArray.CreateBuilder<CelExpr>();
        var optional = ImmutableHashSet.CreateBuilder<int>();
        while (!Is("]"))
        {
            if (Take("?")) optional.Add(items.Count);
            items.Add(ParseExpression());
            if (!Take(",")) break;
        }
        Require("]");
        return new CelListExpr(items.ToImmutable(), optional.ToImmutable(), offset);
    }

    private CelMapExpr ParseEntries(string typeName, int offset)
    {
        var entries = ImmutableArray.CreateBuilder<CelMapEntry>();
        while (!Is("}"))
        {
            var optional = Take("?");
            CelExpr key;
            if (typeName.Length > 0 && Current.Kind == CelTokenKind.Ident)
            {
                key = new CelConstant(new CelString(Current.Text), Current.Offset);
                _at++;
            }
            else key = ParseExpression();
            var colon = Current.Offset;
            Require(":");
            entries.Add(new CelMapEntry(key, ParseExpression(), optional, colon));
            if (!Take(",")) break;
        }
        Require("}");
        return new CelMapExpr(typeName, entries.ToImmutable(), offset);
    }

    private CelConstant Number(CelToken token, string sign, int offset)
    {
        CelValue value;
        var digits = token.Text;
        var hex = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (token.Kind == CelTokenKind.Double)
        {
            var number = double.Parse(sign + digits, CultureInfo.InvariantCulture);
            if (double.IsInfinity(number)) Report(offset, "Syntax error: invalid double literal");
            value = new CelDouble(number);
        }
        else if (!ulong.TryParse(hex ? digits[2..] : digits, hex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var magnitude))
        {
            Report(offset, $"Syntax error: invalid {(token.Kind == CelTokenKind.Uint ? "uint" : "int")} literal");
            value = CelInt.Of(0);
        }
        else if (token.Kind == CelTokenKind.Uint) value = new CelUint(magnitude);
        else
        {
            var whole = sign.Length > 0 ? -(Int128)magnitude : magnitude;
            if (whole < long.MinValue || whole > long.MaxValue) Report(offset, "Syntax error: invalid int literal");
            value = CelInt.Of((long)Int128.Clamp(whole, long.MinValue, long.MaxValue));
        }
        return new CelConstant(value, offset);
    }

    private sealed class SyntaxException : Exception;
}
