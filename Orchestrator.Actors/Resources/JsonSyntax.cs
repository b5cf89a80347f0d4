using System.Globalization;
using System.Text;

namespace Orchestrator.Actors.Resources;

/// <summary>Says what is wrong with a JSON text that did not parse, in the words of Go's encoding/json, which users
/// of Kubernetes know. Runs only after a failure.</summary>
internal ref struct JsonSyntax
{
    private readonly ReadOnlySpan<byte> _text;
    private readonly int _depthMax;
    private int _at;
    private string? _fault;

    private JsonSyntax(ReadOnlySpan<byte> text, int depthMax)
    {
        _text = text;
        _depthMax = depthMax;
    }

    public static string Explain(ReadOnlySpan<byte> text, int depthMax)
    {
        var syntax = new JsonSyntax(text, depthMax);
        if (syntax.Value(0))
        {
            syntax.SkipBlanks();
            if (syntax._at < text.Length) syntax.Unexpected("after top-level value");
        }
        return syntax._fault ?? "invalid JSON";
    }

    private bool Value(int depth)
    {
        SkipBlanks();
        if (depth > _depthMax) { _fault = "exceeded max depth"; return false; }
        if (_at >= _text.Length) return Unexpected("");
        return _text[_at] switch
        {
            (byte)'{' => Object(depth),
            (byte)'[' => Array(depth),
            (byte)'"' => String(),
            (byte)'t' => Literal("true"),
            (byte)'f' => Literal("false"),
            (byte)'n' => Literal("null"),
            (byte)'-' or (>= (byte)'0' and <= (byte)'9') => Number(),
            _ => Unexpected("looking for beginning of value"),
        };
    }

    private bool Object(int depth)
    {
        _at++;
        SkipBlanks();
        if (Take('}')) return true;
        while (true)
        {
            SkipBlanks();
            if (_at >= _text.Length || _text[_at] != '"') return Unexpected("looking for beginning of object key string");
            if (!String()) return false;
            SkipBlanks();
            if (!Take(':')) return Unexpected("after object key");
            if (!Value(depth + 1)) return false;
            SkipBlanks();
            if (Take('}')) return true;
            if (!Take(',')) return Unexpected("after object key:value pair");
        }
    }

    private bool Array(int depth)
    {
        _at++;
        SkipBlanks();
        if (Take(']')) return true;
        while (true)
        {
            if (!Value(depth + 1)) return false;
            SkipBlanks();
            if (Take(']')) return true;
            if (!Take(',')) return Unexpected("after array element");
        }
    }

    private bool String()
    {
        for (_at++; _at < _text.Length; _at++)
        {
            var c = _text[_at];
            if (c == '"') { _at++; return true; }
            if (c < ' ') return Unexpected("in string literal");
            if (c != '\\') continue;
            _at++;
            if (_at >= _text.Length) break;
            if (!"\"\\/bfnrtu"u8.Contains(_text[_at])) return Unexpected("in string escape code");
            if (_text[_at] != 'u') continue;
            for (var i = 0; i < 4; i++)
            {
                _at++;
                if (_at >= _text.Length) return Unexpected("");
                if (!char.IsAsciiHexDigit((char)_text[_at])) return Unexpected("in \\u hexadecimal character escape");
            }
        }
        return Unexpected("");
    }

    private bool Number()
    {
        Take('-');
        if (Take('0')) { }
        else if (!Digits()) return Unexpected("in numeric literal");
        if (Take('.') && !Digits()) return Unexpected("after decimal point in numeric literal");
        if (!Take('e') && !Take('E')) return true;
        if (!Take('+')) Take('-');
        return Digits() || Unexpected("in exponent of numeric literal");
    }

    private bool Digits()
    {
        var start = _at;
        while (_at < _text.Length && char.IsAsciiDigit((char)_text[_at])) _at++;
        return _at > start;
    }

    private bool Literal(string word)
    {
        for (var i = 0; i < word.Length; i++, _at++)
        {
            if (_at >= _text.Length || _text[_at] != word[i])
                return Unexpected($"in literal {word} (expecting '{word[i]}')");
        }
        return true;
    }

    private bool Take(char c)
    {
        if (_at >= _text.Length || _text[_at] != c) return false;
        _at++;
        return true;
    }

    private void SkipBlanks()
    {
        while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') _at++;
    }

    private bool Unexpected(string where)
    {
        _fault ??= _at >= _text.Length ? "unexpected end of JSON input" : $"invalid character {Show(_text[_at..])} {where}";
        return false;
    }

    private static string Show(ReadOnlySpan<byte> rest)
    {
        if (rest[0] == '\'') return "'\\''";
        if (rest[0] == '"') return "'\"'";
        if (rest[0] < ' ') return $"'{GoQuote.Quote(((char)rest[0]).ToString())[1..^1]}'";
        return Rune.DecodeFromUtf8(rest, out var rune, out _) == System.Buffers.OperationStatus.Done
            ? $"'{rune}'"
            : $"'\\x{rest[0].ToString("x2", CultureInfo.InvariantCulture)}'";
    }
}
