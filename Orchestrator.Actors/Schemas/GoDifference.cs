using System.Text;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Tells two specs apart in the form in which Kubernetes does: the Go values, line by line, with what went and what came.</summary>
/// <remarks>The form is that of go-cmp's Diff, which kube-apiserver puts behind the refusal of an update. What is equal is only counted.</remarks>
internal static class GoDifference
{
    /// <summary>Names that Go writes in another way than by their first letter alone.</summary>
    private static readonly (string Start, string Go)[] Initials = [("dns", "DNS"), ("tty", "TTY"), ("ip", "IP"), ("nfs", "NFS"), ("csi", "CSI"), ("uid", "UID"), ("http", "HTTP"), ("tcp", "TCP")];

    /// <summary>Ends with a line break.</summary>
    /// <param name="type">A built-in type, such as <c>core.v1.PodSpec</c>.</param>
    /// <param name="old">What the lines with a minus are of.</param>
    /// <param name="now">What the lines with a plus are of.</param>
    public static string Of(string type, JsonObject old, JsonObject now)
    {
        var schema = SchemaCatalog.BuiltIn.Type(type);
        var text = new StringBuilder($"  {TypeName(schema)}{{\n");
        WriteFields(text, schema, old, now, 1);
        return text.Append("  }\n").ToString();
    }

    private static void WriteFields(StringBuilder text, TypeSchema type, JsonObject old, JsonObject now, int depth)
    {
        var same = 0;
        foreach (var field in type.Fields.OrderBy(static f => f.ProtobufPath.IsEmpty ? 0 : f.ProtobufPath[0]))
        {
            var (was, isNow) = (old[field.Name], now[field.Name]);
            if (JsonTree.DeepEquals(was, isNow))
            {
                same++;
                continue;
            }
            WriteSame(text, ref same, "field", depth);
            WriteField(text, field, was, isNow, depth);
        }
        WriteSame(text, ref same, "field", depth);
    }

    private static void WriteField(StringBuilder text, FieldSchema field, JsonNode? was, JsonNode? isNow, int depth)
    {
        var name = GoName(field.Name);
        switch (was, isNow)
        {
            case (JsonObject left, JsonObject right) when field.Type.Kind == SchemaKind.Object:
                Line(text, ' ', depth, $"{name}: &{TypeName(field.Type)}{{");
                WriteFields(text, field.Type, left, right, depth + 1);
                Line(text, ' ', depth, "},");
                break;
            case (JsonArray left, JsonArray right) when field.Type.Items is { Kind: SchemaKind.Object } items && left.Count == right.Count:
                Line(text, ' ', depth, $"{name}: {TypeName(field.Type)}{{");
                WriteElements(text, items, left, right, depth + 1);
                Line(text, ' ', depth, "},");
                break;
            default:
                Line(text, '-', depth, $"{name}: {Value(was, field.Type)},");
                Line(text, '+', depth, $"{name}: {Value(isNow, field.Type)},");
                break;
        }
    }

    private static void WriteElements(StringBuilder text, TypeSchema type, JsonArray old, JsonArray now, int depth)
    {
        var same = 0;
        for (var i = 0; i < old.Count; i++)
        {
            if (JsonTree.DeepEquals(old[i], now[i]) || old[i] is not JsonObject left || now[i] is not JsonObject right)
            {
                same++;
                continue;
            }
            WriteSame(text, ref same, "element", depth);
            Line(text, ' ', depth, "{");
            WriteFields(text, type, left, right, depth + 1);
            Line(text, ' ', depth, "},");
        }
        WriteSame(text, ref same, "element", depth);
    }

    private static void WriteSame(StringBuilder text, ref int same, string what, int depth)
    {
        if (same > 0) Line(text, ' ', depth, $"... // {same} identical {what}{(same == 1 ? "" : "s")}");
        same = 0;
    }

    private static void Line(StringBuilder text, char sign, int depth, string line) => text.Append(sign).Append(' ').Append('\t', depth).Append(line).Append('\n');

    private static string Value(JsonNode? value, TypeSchema type) => value switch
    {
        null => type.Kind switch
        {
            SchemaKind.String => "\"\"",
            _ => "nil",
        },
        JsonObject map when type.Kind == SchemaKind.Map => $"{TypeName(type)}{{{string.Join(", ", map.OrderBy(static p => p.Key, StringComparer.Ordinal).Select(p => $"{GoQuote.Quote(p.Key)}: {Value(p.Value, type.Items!)}"))}}}",
        JsonObject tree => $"&{Struct(tree, type)}",
        JsonArray list => $"{TypeName(type)}{{{string.Join(", ", list.Select(e => e is JsonObject tree ? Struct(tree, type.Items!)[TypeName(type.Items!).Length..] : Value(e, type.Items!)))}}}",
        _ => JsonTree.IsString(value, out var text) ? GoQuote.Quote(text) : JsonTree.ToText(value),
    };

    private static string Struct(JsonObject tree, TypeSchema type) =>
        $"{TypeName(type)}{{{string.Join(", ", tree.Select(p => $"{GoName(p.Key)}: {Value(p.Value, type.Field(p.Key)?.Type ?? new TypeSchema(SchemaKind.Any))}"))}}}";

    private static string TypeName(TypeSchema type) => type.Kind switch
    {
        SchemaKind.List => $"[]{TypeName(type.Items!)}",
        SchemaKind.Map => $"map[string]{TypeName(type.Items!)}",
        // The server compares what it works with, which has no version.
        SchemaKind.Object => type.Name.StartsWith("core.v1.", StringComparison.Ordinal) ? $"core.{type.Name[8..]}" : type.Name[(type.Name.IndexOf('.', StringComparison.Ordinal) + 1)..],
        _ => GoTypes.NameOf(type),
    };

    private static string GoName(string name)
    {
        foreach (var (start, go) in Initials)
            if (name.StartsWith(start, StringComparison.Ordinal) && (name.Length == start.Length || char.IsAsciiLetterUpper(name[start.Length]))) return go + name[start.Length..];
        return char.ToUpperInvariant(name[0]) + name[1..];
    }
}
