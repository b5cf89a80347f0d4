using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>Reads and writes sets of fields in the form in which <c>managedFields</c> carries them.</summary>
/// <remarks>An object per step of a path; a path that is in the set and has others below it is marked with a dot.
/// Source: structured-merge-diff, fieldpath serialize.go.</remarks>
internal static class FieldsV1
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <exception cref="FormatException">The tree is no set of fields.</exception>
    public static FieldSet Parse(JsonNode? tree)
    {
        if (tree is not JsonObject root) throw new FormatException($"expected an object of fields, found {JsonTree.KindOf(tree)}");
        try
        {
            return Read(root, out _) ?? FieldSet.Empty;
        }
        catch (JsonException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    public static byte[] ToBytes(FieldSet set)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Options)) Write(writer, set);
        return buffer.WrittenSpan.ToArray();
    }

    public static string ToText(FieldSet set) => Encoding.UTF8.GetString(ToBytes(set));

    public static void Write(Utf8JsonWriter writer, FieldSet set) => Write(writer, set, self: false);

    private static void Write(Utf8JsonWriter writer, FieldSet? set, bool self)
    {
        writer.WriteStartObject();
        if (set is { IsEmpty: false })
        {
            if (self) WriteMark(writer);
            foreach (var node in set.Nodes)
            {
                writer.WritePropertyName(node.Element.ToFieldsV1());
                Write(writer, node.Children, node.Member);
            }
        }
        writer.WriteEndObject();
    }

    private static void WriteMark(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("."u8);
        writer.WriteEndObject();
    }

    private static FieldSet? Read(JsonObject tree, out bool member)
    {
        member = tree.Count == 0;
        List<FieldNode>? nodes = null;
        HashSet<FieldElement>? seen = null;
        foreach (var (name, value) in tree)
        {
            if (name == ".")
            {
                member = true;
                continue;
            }
            if (FieldElement.Parse(name) is not { } element) continue;
            if (value is not JsonObject inner) throw new FormatException($"expected an object of fields, found {JsonTree.KindOf(value)}");
            var children = Read(inner, out var isMember);
            // Two ways to write one key are one element.
            if (!element.IsField && !(seen ??= []).Add(element)) continue;
            (nodes ??= new List<FieldNode>(tree.Count)).Add(new FieldNode(element, isMember, children));
        }
        return nodes is null ? null : FieldSet.Of(nodes);
    }
}
