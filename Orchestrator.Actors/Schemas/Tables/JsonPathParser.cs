using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>Reads the text of a <see cref="JsonPath"/>; null where it is not of the subset that is supported.</summary>
internal ref struct JsonPathParser
{
    private static readonly string[] Operators = ["==", "!=", "<=", ">=", "<", ">"];

    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private JsonPathParser(ReadOnlySpan<char> text) => _text = text;

    public static JsonPath? Parse(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        if (text.Length >= 2 && text[0] == '{' && text[^1] == '}') text = text[1..^1];
        if (text.Length > 0 && text[0] is '$' or '@') text = text[1..];
        return new JsonPathParser(text).Steps();
    }

    private JsonPath? Steps()
    {
        var steps = ImmutableArray.CreateBuilder<JsonPathStep>();
        while (_at < _text.Length)
        {
            if (_text[_at..].StartsWith(".."))
            {
                steps.Add(new RecursiveStep());
                _at++;
            }
            else if (_text[_at] == '.')
            {
                _at++;
                // "." alone is the whole object, and "a.[0]" is a way to write "a[0]".
                if (_at == _text.Length || _text[_at] == '[') continue;
                var name = Name();
                if (name.Length == 0) return null;
                steps.Add(name == "*" ? new WildcardStep() : new FieldStep(name));
            }
            else if (_text[_at] == '[')
            {
                if (Bracket() is not { } step) return null;
                steps.Add(step);
            }
            else
            {
                return null;
            }
        }
        return new JsonPath(steps.ToImmutable());
    }

    private string Name()
    {
        var name = new StringBuilder();
        for (; _at < _text.Length && _text[_at] is not ('.' or '['); _at++)
        {
            // A backslash keeps a dot in a name: labels.app\.kubernetes\.io/name
            if (_text[_at] == '\\' && _at + 1 < _text.Length) _at++;
            name.Append(_text[_at]);
        }
        return name.ToString();
    }

    private JsonPathStep? Bracket()
    {
        var end = ClosingBracket();
        if (end < 0) return null;
        var inner = _text[(_at + 1)..end].Trim();
        _at = end + 1;
        if (inner.SequenceEqual("*")) return new WildcardStep();
        if (inner.StartsWith("?(") && inner.EndsWith(")")) return Filter(inner[2..^1].Trim());
        if (inner.Length >= 2 && inner[0] is '\'' or '"' && inner[^1] == inner[0]) return new FieldStep(inner[1..^1].ToString());
        return Slice(inner);
    }

    private static SliceStep? Slice(ReadOnlySpan<char> text)
    {
        var colon = text.IndexOf(':');
        if (colon < 0) return Number(text) is { } index ? SliceStep.Index(index) : null;
        var start = text[..colon];
        var end = text[(colon + 1)..];
        if (end.Contains(':') || (start.Length > 0 && Number(start) is null) || (end.Length > 0 && Number(end) is null)) return null;
        return new SliceStep(Number(start), Number(end));
    }

    private static int? Number(ReadOnlySpan<char> text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static FilterStep? Filter(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith("@")) return null;
        foreach (var name in Operators)
        {
            var at = text.IndexOf(name);
            if (at < 0) continue;
            if (Parse(text[..at]) is not { } left || Literal(text[(at + name.Length)..].Trim()) is not { } right) return null;
            return new FilterStep(left, name, right);
        }
        return Parse(text) is { } path ? new FilterStep(path, "", default) : null;
    }

    private static JsonElement? Literal(ReadOnlySpan<char> text)
    {
        if (text.Length >= 2 && text[0] is '\'' or '"' && text[^1] == text[0])
            return JsonSerializer.SerializeToElement(text[1..^1].ToString());
        try
        {
            using var document = JsonDocument.Parse(text.ToString());
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private readonly int ClosingBracket()
    {
        var quote = '\0';
        var depth = 0;
        for (var i = _at; i < _text.Length; i++)
        {
            var c = _text[i];
            if (quote != '\0')
            {
                if (c == quote) quote = '\0';
            }
            else if (c is '\'' or '"')
            {
                quote = c;
            }
            else if (c == '[')
            {
                depth++;
            }
            else if (c == ']' && --depth == 0)
            {
                return i;
            }
        }
        return -1;
    }
}
