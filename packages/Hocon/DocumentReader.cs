using System.Globalization;
using System.Text;

namespace Hocon;

/// <summary>One pass over a text, giving the tree as written.</summary>
internal sealed class DocumentReader(
    string text, string origin, IncludeSource includes, IReadOnlyList<string> includedAt, int includeDepth)
{
    // Deep enough for any layering of files, and a file that includes itself ends in an error.
    private const int IncludeDepthMax = 50;
    private const int NestingMax = 500;
    private int _at;
    private int _nesting;

    public Node ReadDocument()
    {
        SkipBlanksAndLines();
        if (Peek == '[')
        {
            var array = ReadArray([]);
            SkipBlanksAndLines();
            return AtEnd ? array : throw Error("Unexpected text after the outermost array");
        }

        var braced = Peek == '{';
        if (braced) _at++;
        var result = new ObjectNode();
        ReadFields(result, [], braced);
        SkipBlanksAndLines();
        return AtEnd ? result : throw Error($"Unexpected '{Peek}' after the outermost object");
    }

    private bool AtEnd => _at >= text.Length;
    private char Peek => AtEnd ? '\0' : text[_at];

    private void ReadFields(ObjectNode into, IReadOnlyList<string> path, bool braced)
    {
        while (true)
        {
            SkipSeparators();
            if (AtEnd)
            {
                if (braced) throw Error("Expected '}', found the end of the text");
                return;
            }

            if (Peek == '}')
            {
                if (!braced) throw Error("Unexpected '}'");
                _at++;
                return;
            }

            if (TryReadInclude(into, path)) continue;
            ReadField(into, path);
        }
    }

    private void ReadField(ObjectNode into, IReadOnlyList<string> path)
    {
        var key = ReadKey();
        SkipBlanks();
        var append = false;
        if (Peek is '\n' or '\r' or '#' or '/') SkipBlanksAndLines();
        if (Peek == '+' && _at + 1 < text.Length && text[_at + 1] == '=')
        {
            append = true;
            _at += 2;
        }
        else if (Peek is '=' or ':') _at++;
        else if (Peek != '{') throw Error($"Expected '=', ':' or '{{' after the key [{HoconPath.Render(key)}]");

        SkipBlanksAndLines();
        List<string> full = [.. path, .. key];
        var (line, position) = Position(_at);
        var value = ReadValue(full);
        if (append)
        {
            var previous = new SubstitutionNode(full, true, line, position, origin) { IncludedAt = includedAt };
            value = new ConcatNode([previous, new ArrayNode { Items = { value } }]);
        }

        into.Put(key, value);
    }

    private Node ReadValue(IReadOnlyList<string> path)
    {
        var parts = new List<Node>();
        while (true)
        {
            var blank = ReadBlanks();
            if (AtEnd || Peek is '\n' or '\r' or ',' or '}' or ']' or '#' || StartsWith("//")) break;
            if (blank.Length > 0 && parts.Count > 0) parts.Add(new BlankNode(blank));
            parts.Add(ReadPart(path));
        }

        return parts.Count switch
        {
            0 => throw Error($"Expected a value for [{HoconPath.Render(path)}]"),
            1 => parts[0],
            _ => new ConcatNode(parts),
        };
    }

    private Node ReadPart(IReadOnlyList<string> path)
    {
        switch (Peek)
        {
            case '{':
                Nest();
                _at++;
                var result = new ObjectNode();
                ReadFields(result, path, true);
                _nesting--;
                return result;
            case '[':
                return ReadArray(path);
            case '"':
                return new LiteralNode(ReadQuoted(), true);
            case '$' when StartsWith("${"):
                return ReadSubstitution();
            default:
                return new LiteralNode(ReadUnquoted(), false);
        }
    }

    private ArrayNode ReadArray(IReadOnlyList<string> path)
    {
        Nest();
        _at++;
        var array = new ArrayNode();
        while (true)
        {
            SkipSeparators();
            if (AtEnd) throw Error("Expected ']', found the end of the text");
            if (Peek == ']')
            {
                _at++;
                _nesting--;
                return array;
            }

            array.Items.Add(ReadValue(path));
        }
    }

    private SubstitutionNode ReadSubstitution()
    {
        var (line, position) = Position(_at);
        _at += 2;
        var optional = Peek == '?';
        if (optional) _at++;
        SkipBlanks();
        var path = ReadKey();
        SkipBlanks();
        if (Peek != '}') throw Error("Expected '}' at the end of a substitution");
        _at++;
        return new SubstitutionNode(path, optional, line, position, origin) { IncludedAt = includedAt };
    }

    private List<string> ReadKey()
    {
        var segments = new List<string>();
        var current = new StringBuilder();
        var hasPart = false;
        while (!AtEnd)
        {
            var c = Peek;
            if (c == '"')
            {
                current.Append(ReadQuoted());
                hasPart = true;
            }
            else if (c == '.')
            {
                if (!hasPart) throw Error("A key has an empty part");
                segments.Add(current.ToString());
                current.Clear();
                hasPart = false;
                _at++;
            }
            else if (IsBlank(c))
            {
                var blank = ReadBlanks();
                if (!AtEnd && !IsKeyEnd()) current.Append(blank);
            }
            else if (IsKeyEnd()) break;
            else
            {
                if (IsForbidden(c)) throw Error($"A key must be quoted to contain '{c}'");
                current.Append(c);
                hasPart = true;
                _at++;
            }
        }

        if (!hasPart) throw Error("Expected a key");
        segments.Add(current.ToString());
        return segments;
    }

    private bool IsKeyEnd() => Peek is '=' or ':' or '{' or '}' or '\n' or '\r' or '#' or ',' or '[' or ']' || StartsWith("+=") || StartsWith("//");

    private string ReadUnquoted()
    {
        var start = _at;
        while (!AtEnd)
        {
            var c = Peek;
            if (IsBlank(c) || c is '\n' or '\r' or ',' or '{' or '}' or '[' or ']' or '"' or '#') break;
            if (StartsWith("//") || StartsWith("${")) break;
            if (IsForbidden(c)) throw Error($"A value must be quoted to contain '{c}'");
            _at++;
        }

        return _at > start ? text[start.._at] : throw Error($"Unexpected '{Peek}'");
    }

    private string ReadQuoted()
    {
        if (StartsWith("\"\"\"")) return ReadTripleQuoted();
        var start = _at++;
        var result = new StringBuilder();
        while (true)
        {
            if (AtEnd || Peek is '\n' or '\r')
            {
                _at = Math.Min(start, text.Length);
                throw Error("A quoted text has no end on its line");
            }

            var c = text[_at++];
            if (c == '"') return result.ToString();
            result.Append(c == '\\' ? ReadEscape() : c);
        }
    }

    private char ReadEscape()
    {
        if (AtEnd) throw Error("A quoted text ends in an escape");
        var c = text[_at++];
        switch (c)
        {
            case '"' or '\\' or '/': return c;
            case 'b': return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u' when _at + 4 <= text.Length
                && ushort.TryParse(text.AsSpan(_at, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var code):
                _at += 4;
                return (char)code;
            default:
                throw Error($"Unknown escape '\\{c}'");
        }
    }

    private string ReadTripleQuoted()
    {
        var start = _at;
        _at += 3;
        var end = text.IndexOf("\"\"\"", _at, StringComparison.Ordinal);
        if (end < 0)
        {
            _at = start;
            throw Error("A text in triple quotes has no end");
        }

        // Further quotes at the end belong to the text.
        while (end + 3 < text.Length && text[end + 3] == '"') end++;
        var result = text[_at..end];
        _at = end + 3;
        return result;
    }

    private bool TryReadInclude(ObjectNode into, IReadOnlyList<string> path)
    {
        if (!StartsWith("include") || _at + 7 >= text.Length || !(IsBlank(text[_at + 7]) || text[_at + 7] == '"')) return false;
        var start = _at;
        _at += 7;
        SkipBlanks();
        var required = TryOpen("required");
        HoconCallbackType? named = TryOpen("file") ? HoconCallbackType.File
            : TryOpen("classpath") || TryOpen("resource") ? HoconCallbackType.Resource
            : TryOpen("url") ? HoconCallbackType.Url : null;
        SkipBlanks();
        if (Peek != '"')
        {
            // A key that begins with the word include.
            if (required || named is not null) throw Error("Expected a quoted name after include");
            _at = start;
            return false;
        }

        var name = ReadQuoted();
        if (named is not null) Close();
        if (required) Close();
        Include(into, path, named ?? HoconCallbackType.File, name, required);
        return true;
    }

    private void Include(ObjectNode into, IReadOnlyList<string> path, HoconCallbackType type, string name, bool required)
    {
        if (includeDepth >= IncludeDepthMax) throw Error($"Includes are nested deeper than {IncludeDepthMax}: {name}");
        if (includes.Find(type, name) is not { } found)
        {
            if (required) throw Error($"The required include [{name}] was not found");
            return;
        }

        if (string.IsNullOrWhiteSpace(found.Text)) return;
        List<string> place = [.. includedAt, .. path];
        var reader = new DocumentReader(found.Text, found.Origin, found.Next, place, includeDepth + 1);
        if (reader.ReadDocument() is not ObjectNode included) throw Error($"The include [{name}] is not an object");
        into.MergeFrom(included);
    }

    private bool TryOpen(string word)
    {
        if (!StartsWith(word + "(")) return false;
        _at += word.Length + 1;
        SkipBlanks();
        return true;
    }

    private void Close()
    {
        SkipBlanks();
        if (Peek != ')') throw Error("Expected ')'");
        _at++;
    }

    private void SkipSeparators()
    {
        // One comma may follow a value or stand at the end; blank lines and comments are free.
        SkipBlanksAndLines();
        if (Peek != ',') return;
        _at++;
        SkipBlanksAndLines();
        if (Peek == ',') throw Error("Two commas follow each other");
    }

    private void SkipBlanksAndLines()
    {
        while (!AtEnd)
        {
            var c = Peek;
            if (IsBlank(c) || c is '\n' or '\r') _at++;
            else if (c == '#' || StartsWith("//"))
                while (!AtEnd && Peek != '\n') _at++;
            else break;
        }
    }

    private void SkipBlanks()
    {
        while (!AtEnd && IsBlank(Peek)) _at++;
    }

    private string ReadBlanks()
    {
        var start = _at;
        SkipBlanks();
        return text[start.._at];
    }

    private void Nest()
    {
        if (++_nesting > NestingMax) throw Error($"Nested deeper than {NestingMax}");
    }

    private bool StartsWith(string word) => string.CompareOrdinal(text, _at, word, 0, word.Length) == 0;

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\u00a0' or '\ufeff' or '\f' or '\v' || (c > '\u00ff' && char.IsWhiteSpace(c));

    private static bool IsForbidden(char c) => c is '$' or '^' or '?' or '!' or '@' or '*' or '&' or '\\' or '`' or ':' or '=' or ']' or '"';

    private (int Line, int Position) Position(int at)
    {
        var line = 1;
        var position = 1;
        for (var i = 0; i < at && i < text.Length; i++)
        {
            if (text[i] == '\n') (line, position) = (line + 1, 1);
            else position++;
        }

        return (line, position);
    }

    private HoconParserException Error(string message)
    {
        var (line, position) = Position(_at);
        return new HoconParserException(message, line, position, origin);
    }
}
