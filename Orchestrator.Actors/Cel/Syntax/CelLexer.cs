using System.Globalization;
using System.Text;

namespace Orchestrator.Actors.Cel.Syntax;

internal enum CelTokenKind : byte
{
    End,
    Ident,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Symbol,
    True,
    False,
    Null,
    In,
}

/// <param name="Text">The name or symbol as written; the decoded text of a string; the digits of a number.</param>
/// <param name="Raw">As written.</param>
internal readonly record struct CelToken(CelTokenKind Kind, string Text, string Raw, int Offset, byte[]? Bytes = null);

/// <summary>Cuts an expression into tokens.</summary>
internal sealed class CelLexer(string source, Action<int, string> report)
{
    private static readonly string[] Symbols = ["==", "!=", "<=", ">=", "&&", "||"];
    private int _at;

    public List<CelToken> Read()
    {
        var tokens = new List<CelToken>();
        while (true)
        {
            SkipBlank();
            if (_at >= source.Length) break;
            if (Next() is { } token) tokens.Add(token);
        }
        tokens.Add(new CelToken(CelTokenKind.End, "", "<EOF>", source.Length));
        return tokens;
    }

    private void SkipBlank()
    {
        while (_at < source.Length)
        {
            if (source[_at] is ' ' or '\t' or '\r' or '\n' or '\f') _at++;
            else if (source[_at] == '/' && _at + 1 < source.Length && source[_at + 1] == '/')
                while (_at < source.Length && source[_at] != '\n') _at++;
            else return;
        }
    }

    private char Peek(int ahead = 0) => _at + ahead < source.Length ? source[_at + ahead] : '\0';

    private CelToken? Next()
    {
        var start = _at;
        var c = source[_at];
        if (StringPrefix() is { } prefix) return ReadString(start, prefix);
        if (char.IsAsciiLetter(c) || c == '_') return ReadName(start);
        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1)))) return ReadNumber(start);
        if (c == '`') return ReadQuotedName(start);
        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(source, _at, symbol, 0, 2) != 0) continue;
            _at += 2;
            return new CelToken(CelTokenKind.Symbol, symbol, symbol, start);
        }
        _at++;
        if ("()[]{}.,-?:!<>+*/%".Contains(c, StringComparison.Ordinal)) return new CelToken(CelTokenKind.Symbol, c.ToString(), c.ToString(), start);
        var rune = char.IsHighSurrogate(c) && _at < source.Length ? source.Substring(start, 2) : c.ToString();
        _at = start + rune.Length;
        report(start, $"Syntax error: token recognition error at: '{rune}'");
        return null;
    }

    private CelToken ReadName(int start)
    {
        while (char.IsAsciiLetterOrDigit(Peek()) || Peek() == '_') _at++;
        var name = source[start.._at];
        var kind = name switch
        {
            "true" => CelTokenKind.True,
            "false" => CelTokenKind.False,
            "null" => CelTokenKind.Null,
            "in" => CelTokenKind.In,
            _ => CelTokenKind.Ident,
        };
        return new CelToken(kind, name, name, start);
    }

    private CelToken? ReadQuotedName(int start)
    {
        var end = source.IndexOf('`', start + 1);
        if (end < 0)
        {
            _at = source.Length;
            report(start, $"Syntax error: token recognition error at: '{source[start..]}'");
            return null;
        }
        _at = end + 1;
        return new CelToken(CelTokenKind.Ident, source[(start + 1)..end], source[start.._at], start);
    }

    private CelToken ReadNumber(int start)
    {
        if (Peek() == '0' && Peek(1) is 'x' or 'X' && char.IsAsciiHexDigit(Peek(2)))
        {
            for (_at += 2; char.IsAsciiHexDigit(Peek());) _at++;
            return EndWhole(start);
        }
        while (char.IsAsciiDigit(Peek())) _at++;
        var isDouble = false;
        if (Peek() == '.' && char.IsAsciiDigit(Peek(1)))
        {
            isDouble = true;
            for (_at++; char.IsAsciiDigit(Peek());) _at++;
        }
        var sign = Peek(1) is '+' or '-' ? 2 : 1;
        if (Peek() is 'e' or 'E' && char.IsAsciiDigit(Peek(sign)))
        {
            isDouble = true;
            for (_at += sign; char.IsAsciiDigit(Peek());) _at++;
        }
        if (!isDouble) return EndWhole(start);
        return new CelToken(CelTokenKind.Double, source[start.._at], source[start.._at], start);
    }

    private CelToken EndWhole(int start)
    {
        var digits = source[start.._at];
        if (Peek() is not ('u' or 'U')) return new CelToken(CelTokenKind.Int, digits, digits, start);
        _at++;
        return new CelToken(CelTokenKind.Uint, digits, source[start.._at], start);
    }

    /// <summary>The prefix of a string literal that starts here: any of r and b, or nothing; null when there is none.</summary>
    private string? StringPrefix()
    {
        for (var length = 0; length <= 2; length++)
        {
            var c = Peek(length);
            if (c is '"' or '\'') return source.Substring(_at, length).ToLowerInvariant() is "" or "r" or "b" or "br" or "rb" ? source.Substring(_at, length).ToLowerInvariant() : null;
            if (c is not ('r' or 'R' or 'b' or 'B')) return null;
        }
        return null;
    }

    private CelToken? ReadString(int start, string prefix)
    {
        _at += prefix.Length;
        var quote = Peek();
        var triple = Peek(1) == quote && Peek(2) == quote;
        _at += triple ? 3 : 1;
        var literal = new CelLiteral(prefix.Contains('b', StringComparison.Ordinal));
        while (true)
        {
            if (_at >= source.Length || (!triple && source[_at] is '\n' or '\r'))
            {
                report(start, $"Syntax error: token recognition error at: '{source[start.._at].Replace("\n", "\\n", StringComparison.Ordinal)}'");
                return null;
            }
            if (source[_at] == quote && (!triple || (Peek(1) == quote && Peek(2) == quote))) break;
            if (source[_at] == '\\' && !prefix.Contains('r', StringComparison.Ordinal))
            {
                var used = literal.AppendEscape(source.AsSpan(_at));
                if (used == 0)
                {
                    report(start, $"Syntax error: token recognition error at: '{source[start..Math.Min(_at + 2, source.Length)]}'");
                    used = 1;
                }
                _at += used;
            }
            else if (source[_at] == '\\' && _at + 1 < source.Length)
            {
                literal.Append(source.AsSpan(_at, 2));
                _at += 2;
            }
            else literal.Append(source.AsSpan(_at++, 1));
        }
        _at += triple ? 3 : 1;
        var raw = source[start.._at];
        return literal.IsBytes
            ? new CelToken(CelTokenKind.Bytes, "", raw, start, literal.ToBytes())
            : new CelToken(CelTokenKind.String, literal.ToString(), raw, start);
    }

    /// <summary>Gathers what a literal means: text, or bytes where octal and hex escapes are bytes.</summary>
    private sealed class CelLiteral(bool isBytes)
    {
        private readonly StringBuilder _text = new();
        private readonly List<byte> _bytes = [];

        public bool IsBytes => isBytes;

        public void Append(ReadOnlySpan<char> text)
        {
            _text.Append(text);
            if (isBytes && text.Length > 0 && char.IsLowSurrogate(text[0]) && _text.Length > 1)
                _bytes.AddRange(Encoding.UTF8.GetBytes(_text.ToString(_text.Length - 2, 2)));
            else if (isBytes && !char.IsHighSurrogate(text[0]))
                foreach (var b in Encoding.UTF8.GetBytes(text.ToString())) _bytes.Add(b);
        }

        /// <returns>How many characters the escape takes; 0 when it is none.</returns>
        public int AppendEscape(ReadOnlySpan<char> rest)
        {
            if (rest.Length < 2) return 0;
            const string letters = "abfnrtv\\?\"'`";
            const string meaning = "\a\b\f\n\r\t\v\\?\"'`";
            var at = letters.IndexOf(rest[1], StringComparison.Ordinal);
            if (at >= 0)
            {
                Append(meaning.AsSpan(at, 1));
                return 2;
            }
            var (digits, skip, style) = rest[1] switch
            {
                'x' or 'X' => (2, 2, NumberStyles.AllowHexSpecifier),
                'u' => (4, 2, NumberStyles.AllowHexSpecifier),
                'U' => (8, 2, NumberStyles.AllowHexSpecifier),
                >= '0' and <= '3' => (3, 1, NumberStyles.None),
                _ => (0, 0, NumberStyles.None),
            };
            if (digits == 0 || rest.Length < skip + digits) return 0;
            uint value = 0;
            foreach (var c in rest.Slice(skip, digits))
            {
                if (style == NumberStyles.None ? c is < '0' or > '7' : !char.IsAsciiHexDigit(c)) return 0;
                value = style == NumberStyles.None ? (value * 8) + (uint)(c - '0') : (value * 16) + (uint)Convert.ToInt32(c.ToString(), 16);
            }
            if (isBytes && rest[1] is 'u' or 'U') return 0;
            if (isBytes) _bytes.Add((byte)value);
            else if (!Rune.IsValid(value)) return 0;
            else _text.Append(new Rune(value).ToString());
            return skip + digits;
        }

        public byte[] ToBytes() => [.. _bytes];

        public override string ToString() => _text.ToString();
    }
}
