using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Orchestrator.Host.ApiServer;

/// <summary>Turns JSON into YAML as sigs.k8s.io/yaml writes it: keys in order, block style, strings quoted only where they must be.</summary>
public static class YamlWriter
{
    public static byte[] FromJson(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 512 });
        var text = new StringBuilder(json.Length);
        WriteBlock(text, document.RootElement, 0, inList: false);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void WriteBlock(StringBuilder text, JsonElement value, int indent, bool inList)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when value.EnumerateObject().Any():
                WriteObject(text, value, indent, inList);
                break;
            case JsonValueKind.Array when value.GetArrayLength() > 0:
                foreach (var item in value.EnumerateArray())
                {
                    if (!inList) text.Append(' ', indent);
                    inList = false;
                    text.Append("- ");
                    WriteBlock(text, item, indent + 2, inList: true);
                }
                break;
            default:
                WriteScalar(text, value, indent);
                break;
        }
    }

    private static void WriteObject(StringBuilder text, JsonElement value, int indent, bool inList)
    {
        foreach (var property in value.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            if (!inList) text.Append(' ', indent);
            inList = false;
            text.Append(Plain(property.Name) ? property.Name : Quote(property.Name)).Append(':');
            if (property.Value.ValueKind == JsonValueKind.Object && property.Value.EnumerateObject().Any())
            {
                text.Append('\n');
                WriteBlock(text, property.Value, indent + 2, inList: false);
            }
            else if (property.Value.ValueKind == JsonValueKind.Array && property.Value.GetArrayLength() > 0)
            {
                // Lists are not indented below their key.
                text.Append('\n');
                WriteBlock(text, property.Value, indent, inList: false);
            }
            else
            {
                text.Append(' ');
                WriteScalar(text, property.Value, indent + 2);
            }
        }
    }

    private static void WriteScalar(StringBuilder text, JsonElement value, int indent)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object: text.Append("{}\n"); break;
            case JsonValueKind.Array: text.Append("[]\n"); break;
            case JsonValueKind.String: WriteString(text, value.GetString()!, indent); break;
            default: text.Append(value.GetRawText()).Append('\n'); break;
        }
    }

    private static void WriteString(StringBuilder text, string value, int indent)
    {
        if (IsBlock(value))
        {
            var end = value.EndsWith("\n\n", StringComparison.Ordinal) ? "|+" : value.EndsWith('\n') ? "|" : "|-";
            text.Append(end).Append('\n');
            foreach (var line in (value.EndsWith('\n') ? value[..^1] : value).Split('\n'))
            {
                if (line.Length > 0) text.Append(' ', indent).Append(line);
                text.Append('\n');
            }
            return;
        }
        text.Append(Plain(value) ? value : Quote(value)).Append('\n');
    }

    private static bool IsBlock(string value) =>
        value.Contains('\n', StringComparison.Ordinal) && !char.IsWhiteSpace(value[0]) && !value.Any(c => c != '\n' && char.IsControl(c));

    private static bool Plain(string value)
    {
        if (value.Length == 0 || YamlReader.Resolve(value) is not string) return false;
        if (char.IsWhiteSpace(value[0]) || char.IsWhiteSpace(value[^1]) || value[^1] == ':') return false;
        if ("-?:,[]{}#&*!|>'\"%@`=".Contains(value[0], StringComparison.Ordinal) && !(value[0] is '-' or '?' or ':' && value.Length > 1 && value[1] != ' ' && value[0] == '-' && value != "---")) return false;
        if (value.Contains(": ", StringComparison.Ordinal) || value.Contains(" #", StringComparison.Ordinal)) return false;
        // A time stamp would be read back as a time by YAML 1.1.
        if (value.Length >= 10 && char.IsAsciiDigit(value[0]) && value[4] == '-') return false;
        return !value.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff');
    }

    private static string Quote(string value)
    {
        var quoted = new StringBuilder(value.Length + 2).Append('"');
        foreach (var c in value)
        {
            switch (c)
            {
                case '"': quoted.Append("\\\""); break;
                case '\\': quoted.Append("\\\\"); break;
                case '\n': quoted.Append("\\n"); break;
                case '\t': quoted.Append("\\t"); break;
                case '\r': quoted.Append("\\r"); break;
                default:
                    if (char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff') quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    else quoted.Append(c);
                    break;
            }
        }
        return quoted.Append('"').ToString();
    }
}
