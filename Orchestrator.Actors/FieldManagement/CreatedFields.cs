using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>Writes the record of a new object straight from its tree, in one walk: whoever creates an object owns all that it has.</summary>
/// <remarks>The same as a comparison with the zero object, without the sets in between; pods are created by the thousands.</remarks>
internal sealed class CreatedFields
{
    /// <summary>Longest name that is written without looking for characters to escape (bytes).</summary>
    private const int PlainMax = 128;

    /// <summary>Objects with more fields are sorted by other means, and items of longer lists are looked for by other means (count).</summary>
    private const int SortedInPlaceMax = 32;

    private static readonly JavaScriptEncoder Escape = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
    private static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./: ");

    [ThreadStatic]
    private static CreatedFields? t_writer;

    private readonly ArrayBufferWriter<byte> _out = new(2048);
    private readonly FieldSet _ignored;
    private bool _first = true;

    private CreatedFields(FieldSet ignored) => _ignored = ignored;

    /// <summary>The value of <c>metadata.managedFields</c>; null when there is nothing to own.</summary>
    /// <param name="tree">The object with its defaults, before admission adds to it what nobody owns.</param>
    public static RawJson? Write(ResourceSchema schema, JsonObject tree, string manager, string time)
    {
        var writer = t_writer is { } kept && ReferenceEquals(kept._ignored, IgnoredFields.ResetBy(schema, "")) ? kept : t_writer = new CreatedFields(IgnoredFields.ResetBy(schema, ""));
        writer._out.ResetWrittenCount();
        return writer.Entry(schema, tree, manager, time) ? new RawJson(writer._out.WrittenSpan.ToArray()) : null;
    }

    private bool Entry(ResourceSchema schema, JsonObject tree, string manager, string time)
    {
        Raw("[{\"manager\":\""u8);
        Text(manager);
        Raw("\",\"operation\":\"Update\",\"apiVersion\":\""u8);
        Text(schema.ApiVersion);
        Raw("\",\"time\":\""u8);
        Text(time);
        Raw("\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{"u8);
        _first = true;
        Fields(schema.Root, tree, zero: !schema.IsCustom, Level.Root);
        Raw("}}]"u8);
        return !_first;
    }

    private enum Level { Root, Metadata, Below }

    private void Fields(TypeSchema? type, JsonObject tree, bool zero, Level level)
    {
        Span<int> order = tree.Count <= SortedInPlaceMax ? stackalloc int[tree.Count] : new int[tree.Count];
        Sort(tree, order);
        foreach (var place in order)
        {
            var (name, value) = tree.GetAt(place);
            if (level == Level.Root && (name is "apiVersion" or "kind" || Ignores(name))) continue;
            if (level == Level.Metadata && Array.IndexOf(IgnoredFields.SystemMetadataNames, name) >= 0) continue;
            if (level == Level.Root && TemplateSpec.Of(value) is { } known) Known(known, type, name, zero);
            else Field(type, name, value, zero, level == Level.Root && name == "metadata");
        }
    }

    private void Known(TemplateSpec spec, TypeSchema? type, string name, bool zero)
    {
        if (spec.Fields is { } fields)
        {
            if (fields.Length == 0) return;
            Separator();
            Raw(fields);
            return;
        }
        var start = _out.WrittenCount + (_first ? 0 : 1);
        Field(type, name, spec.Tree, zero, metadata: false);
        spec.Fields = _out.WrittenCount > start ? _out.WrittenSpan[start..].ToArray() : [];
    }

    /// <summary>The places of the fields in the order of their names.</summary>
    private static void Sort(JsonObject tree, Span<int> order)
    {
        if (order.Length > SortedInPlaceMax)
        {
            for (var i = 0; i < order.Length; i++) order[i] = i;
            order.Sort((a, b) => string.CompareOrdinal(tree.NameAt(a), tree.NameAt(b)));
            return;
        }
        for (var i = 0; i < order.Length; i++)
        {
            var name = tree.NameAt(i);
            var at = i;
            for (; at > 0 && string.CompareOrdinal(tree.NameAt(order[at - 1]), name) > 0; at--) order[at] = order[at - 1];
            order[at] = i;
        }
    }

    private void Field(TypeSchema? type, string name, JsonNode? value, bool zero, bool metadata)
    {
        var field = type is { Kind: SchemaKind.Object } ? type.Field(name) : null;
        var child = field?.Type ?? FieldStructures.Child(type, name);
        if (zero && field is not null && ZeroObject.IsZero(field, value)) return;
        var there = zero && field is not null && ZeroObject.Holds(type!, field);
        var structure = FieldStructures.IsEmpty(value) ? FieldStructure.Leaf : FieldStructures.Of(child, value);
        // What is there already and has nothing that somebody owns does not appear, which is known only afterwards.
        var (start, first) = (_out.WrittenCount, _first);
        Separator();
        Raw("\"f:"u8);
        Text(name);
        Raw("\":{"u8);
        _first = true;
        if (structure != FieldStructure.Leaf && !there && !metadata) Mark();
        if (structure == FieldStructure.Map) Fields(child, (JsonObject)value!, there, metadata ? Level.Metadata : Level.Below);
        else if (structure == FieldStructure.List) Items(child!, (JsonArray)value!);
        if (_first && structure != FieldStructure.Leaf)
        {
            TakeBack(start);
            _first = first;
            return;
        }
        Raw("}"u8);
        _first = false;
    }

    private void Items(TypeSchema type, JsonArray list)
    {
        var elements = new FieldElement?[list.Count];
        for (var i = 0; i < elements.Length; i++) elements[i] = FieldElement.OfItem(type, list[i]);
        var counts = elements.Length > SortedInPlaceMax ? Counts(elements) : null;
        for (var i = 0; i < elements.Length; i++)
        {
            if (elements[i] is not { } element) continue;
            // What is there twice is owned once and as a whole: its parts cannot be told apart.
            var alone = counts is null ? IsAlone(elements, i) : counts[element] == 1;
            if (!alone && Array.IndexOf(elements, elements[i]) < i) continue;
            Separator();
            Raw(element.Kind == 'k' ? "\"k:"u8 : "\"v:"u8);
            Escaped(element.Value);
            Raw("\":{"u8);
            _first = true;
            var structure = FieldStructures.IsEmpty(list[i]) ? FieldStructure.Leaf : FieldStructures.Of(type.Items, list[i]);
            if (structure != FieldStructure.Leaf && alone) Mark();
            if (structure == FieldStructure.Map && alone) Fields(type.Items, (JsonObject)list[i]!, zero: false, Level.Below);
            Raw("}"u8);
            _first = false;
        }
    }

    private static bool IsAlone(FieldElement?[] elements, int at)
    {
        var element = elements[at];
        for (var i = 0; i < elements.Length; i++)
            if (i != at && elements[i] == element) return false;
        return true;
    }

    private static Dictionary<FieldElement, int> Counts(FieldElement?[] elements)
    {
        var counts = new Dictionary<FieldElement, int>(elements.Length);
        foreach (var element in elements)
            if (element is { } known) counts[known] = counts.GetValueOrDefault(known) + 1;
        return counts;
    }

    private bool Ignores(string name) => _ignored.Find(FieldElement.Field(name)) is { Member: true };

    private void Mark()
    {
        Raw("\".\":{}"u8);
        _first = false;
    }

    private void Separator()
    {
        if (!_first) Raw(","u8);
        _first = false;
    }

    private void TakeBack(int start)
    {
        // The buffer can only be emptied, so what was before is put in again.
        var kept = _out.WrittenSpan[..start].ToArray();
        _out.ResetWrittenCount();
        _out.Write(kept);
    }

    private void Raw(ReadOnlySpan<byte> bytes) => _out.Write(bytes);

    private void Text(string text)
    {
        if (text.Length > PlainMax || text.AsSpan().ContainsAnyExcept(Plain))
        {
            Escaped(text);
            return;
        }
        _out.Advance(Encoding.ASCII.GetBytes(text, _out.GetSpan(text.Length)));
    }

    private void Escaped(string text) => _out.Write(JsonEncodedText.Encode(text, Escape).EncodedUtf8Bytes);
}
