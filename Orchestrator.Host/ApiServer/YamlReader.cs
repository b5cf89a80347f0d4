using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Orchestrator.Host.ApiServer;

/// <summary>Turns YAML into JSON, scalars resolved as the clients of Kubernetes do (YAML 1.1).</summary>
public static class YamlReader
{
    /// <summary>What the strict decoder of Kubernetes' YAML library puts before its remarks.</summary>
    public const string StrictFaults = "yaml: unmarshal errors:";

    /// <summary>Deepest nesting, and most nodes that aliases may unfold to: bounds on hostile documents.</summary>
    private const int DepthMax = 100;
    private const int NodesMax = 500_000;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The JSON of the first document, or why it is none, in upstream's words.</summary>
    public static (byte[]? Json, string? Fault) ToJson(ReadOnlySpan<byte> utf8) => ToJson(utf8, out _);

    /// <param name="duplicates">A remark for every key that a map has already, in the words of go-yaml; the last of them holds.</param>
    public static (byte[]? Json, string? Fault) ToJson(ReadOnlySpan<byte> utf8, out IReadOnlyList<string> duplicates)
    {
        duplicates = [];
        try
        {
            var parser = new Parser(new StringReader(Encoding.UTF8.GetString(utf8)));
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _)) return ("null"u8.ToArray(), null);
            var reader = new DocumentReader(parser);
            var root = reader.ReadNode(0);
            duplicates = reader.Duplicates;
            var buffer = new ArrayBufferWriter<byte>(utf8.Length + 256);
            using var writer = new Utf8JsonWriter(buffer, Options);
            var left = NodesMax;
            Write(writer, root, ref left);
            writer.Flush();
            return (buffer.WrittenMemory.ToArray(), null);
        }
        catch (YamlException e)
        {
            return (null, $"error converting YAML to JSON: yaml: line {e.Start.Line}: {(e.InnerException ?? e).Message}");
        }
    }

    private static void Write(Utf8JsonWriter writer, object? node, ref int left)
    {
        if (--left < 0) throw new YamlException(Mark.Empty, Mark.Empty, "document contains excessive aliasing");
        switch (node)
        {
            case List<KeyValuePair<string, object?>> map:
                writer.WriteStartObject();
                foreach (var (key, value) in map)
                {
                    writer.WritePropertyName(key);
                    Write(writer, value, ref left);
                }
                writer.WriteEndObject();
                break;
            case List<object?> list:
                writer.WriteStartArray();
                foreach (var item in list) Write(writer, item, ref left);
                writer.WriteEndArray();
                break;
            case string text: writer.WriteStringValue(text); break;
            case long number: writer.WriteNumberValue(number); break;
            case double number: writer.WriteNumberValue(number); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            default: writer.WriteNullValue(); break;
        }
    }

    /// <summary>Resolves a plain scalar as go-yaml v2 does: null, bool, long, double or the text itself.</summary>
    internal static object? Resolve(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL": return null;
            case "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON": return true;
            case "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF": return false;
            default: break;
        }
        if (!(char.IsAsciiDigit(text[0]) || text[0] is '-' or '+' or '.')) return text;
        var plain = text.Replace("_", "", StringComparison.Ordinal);
        if (ReadInteger(plain) is { } number) return number;
        return IsFloat(plain) && double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) ? real : text;
    }

    private static long? ReadInteger(string text)
    {
        var negative = text[0] == '-';
        var digits = text.AsSpan(text[0] is '-' or '+' ? 1 : 0);
        if (digits.IsEmpty) return null;
        ulong value;
        if (digits.StartsWith("0x") || digits.StartsWith("0X"))
        {
            if (!ulong.TryParse(digits[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)) return null;
        }
        else if (digits.StartsWith("0b"))
        {
            if (!ulong.TryParse(digits[2..], NumberStyles.AllowBinarySpecifier, CultureInfo.InvariantCulture, out value)) return null;
        }
        else if (digits.Length > 1 && digits[0] == '0')
        {
            if (!TryOctal(digits[(digits[1] == 'o' ? 2 : 1)..], out value)) return null;
        }
        else if (!ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value)) return null;
        if (negative) return value <= (ulong)long.MaxValue + 1 ? unchecked(-(long)value) : null;
        return value <= long.MaxValue ? (long)value : null;
    }

    private static bool TryOctal(ReadOnlySpan<char> digits, out ulong value)
    {
        value = 0;
        if (digits.IsEmpty || digits.Length > 21) return false;
        foreach (var c in digits)
        {
            if (c is < '0' or > '7') return false;
            value = (value << 3) + (ulong)(c - '0');
        }
        return true;
    }

    // 1e3, .5 and 1.5 are numbers; 1.2.3 and 10:20 are not, nor is a lone sign.
    private static bool IsFloat(string text)
    {
        var digits = false;
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c)) digits = true;
            else if (c is not ('.' or 'e' or 'E' or '-' or '+')) return false;
        }
        return digits;
    }

    private sealed class DocumentReader(Parser parser)
    {
        private readonly Dictionary<AnchorName, object?> _anchors = [];

        public List<string> Duplicates { get; } = [];

        public object? ReadNode(int depth)
        {
            if (depth > DepthMax) throw new YamlException(parser.Current!.Start, parser.Current.End, "exceeded max depth");
            if (parser.TryConsume<AnchorAlias>(out var alias))
                return _anchors.TryGetValue(alias.Value, out var known) ? known : throw new YamlException(alias.Start, alias.End, $"unknown anchor '{alias.Value}' referenced");
            if (parser.TryConsume<Scalar>(out var scalar)) return Keep(scalar, ReadScalar(scalar));
            if (parser.TryConsume<SequenceStart>(out var sequence))
            {
                var list = new List<object?>();
                while (!parser.TryConsume<SequenceEnd>(out _)) list.Add(ReadNode(depth + 1));
                return Keep(sequence, list);
            }
            var mapping = parser.Consume<MappingStart>();
            var map = new List<KeyValuePair<string, object?>>();
            var places = new Dictionary<string, int>(StringComparer.Ordinal);
            // Accept reads the next event, which the parser does not do by itself.
            while (!parser.Accept<MappingEnd>(out _))
            {
                var start = parser.Current!.Start;
                var key = ReadNode(depth + 1);
                var line = parser.Accept<ParsingEvent>(out var first) ? first.Start.Line : start.Line;
                var value = ReadNode(depth + 1);
                if (key is "<<") Merge(map, places, value);
                else Put(map, places, KeyText(key, start), value, line);
            }
            parser.Consume<MappingEnd>();
            return Keep(mapping, map);
        }

        private void Put(List<KeyValuePair<string, object?>> map, Dictionary<string, int> places, string key, object? value, long line)
        {
            if (places.TryAdd(key, map.Count))
            {
                map.Add(new(key, value));
                return;
            }
            Duplicates.Add($"line {line.ToString(CultureInfo.InvariantCulture)}: key {GoQuote.Quote(key)} already set in map");
            map[places[key]] = new(key, value);
        }

        private object? Keep(NodeEvent node, object? value)
        {
            if (!node.Anchor.IsEmpty) _anchors[node.Anchor] = value;
            return value;
        }

        private static object? ReadScalar(Scalar scalar) =>
            scalar.Style == ScalarStyle.Plain && (scalar.Tag.IsEmpty || scalar.Tag.IsNonSpecific) ? Resolve(scalar.Value) : scalar.Value;

        private static string KeyText(object? key, Mark at) => key switch
        {
            string text => text,
            bool flag => flag ? "true" : "false",
            null => "null",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => throw new YamlException(at, at, "invalid map key"),
        };

        // What the mapping itself says goes before what it merges in.
        private static void Merge(List<KeyValuePair<string, object?>> map, Dictionary<string, int> places, object? value)
        {
            foreach (var source in value is List<object?> list ? list : [value])
                if (source is List<KeyValuePair<string, object?>> other)
                    foreach (var pair in other)
                        if (places.TryAdd(pair.Key, map.Count)) map.Add(pair);
        }
    }
}
