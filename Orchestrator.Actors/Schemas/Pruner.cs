using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>One walk over a tree beside its schema: drops and notes unknown fields, drops nulls, and checks types.</summary>
/// <remarks>Built-in types stop at the first wrong value, as Go's decoder does. In the parts of custom resources types are
/// a matter of validation, so only unknown fields and nulls are looked at there.</remarks>
internal sealed class Pruner
{
    /// <summary>Fields of embedded metadata that have the wrong type are dropped: what is stored cannot be refused any more.</summary>
    public bool DropsMisfits { get; init; }

    /// <summary>The first wrong value; null when there is none.</summary>
    public string? Fault { get; private set; }

    /// <summary>The same in the words of the converter from maps to objects; null where it has none of its own.</summary>
    public string? Restoring { get; private set; }

    /// <summary>Paths of the fields that were dropped; null for none.</summary>
    public List<string>? Unknown { get; private set; }

    public void PruneObject(JsonObject tree, TypeSchema type, FieldPath? path, bool typed)
    {
        // What objects share has been through this.
        if (tree.IsFrozen) return;
        List<string>? dropped = null;
        var count = tree.Count;
        for (var i = 0; i < count && Fault is null; i++)
        {
            var (name, value) = tree.GetAt(i);
            if (type.Field(name) is not { IsDescribed: true } field)
            {
                if (type.PreserveUnknownFields) continue;
                (Unknown ??= []).Add((path ?? FieldPath.Root).Child(name).ToString());
                (dropped ??= []).Add(name);
            }
            else if (value is null)
            {
                if (DropsNull(field, typed)) (dropped ??= []).Add(name);
            }
            else if (!typed || !IsPlain(value, field.Type.Kind))
            {
                if (PruneValue(value, field, type, path, typed) is { } canonical) tree.SetAt(i, canonical);
                if (Fault is null && typed && MeansNothing(field, value)) (dropped ??= []).Add(name);
                if (Fault is null || !DropsMisfits) continue;
                (Fault, Restoring) = (null, null);
                (dropped ??= []).Add(name);
            }
        }
        if (dropped is null) return;
        foreach (var name in dropped) tree.Remove(name);
    }

    private JsonNode? PruneValue(JsonNode value, FieldSchema field, TypeSchema owner, FieldPath? path, bool typed) =>
        Visit(value, field.Type, (path ?? FieldPath.Root).Child(field.Name), typed, owner);

    // Go leaves a field alone that is null; in a custom resource null stays where it may.
    private static bool DropsNull(FieldSchema field, bool typed) => typed ? field.Type.Kind != SchemaKind.Any : !field.Type.Nullable;

    // An empty list or map cannot be told from none where objects are structs, so it is none, save where the field is always written.
    private static bool MeansNothing(FieldSchema field, JsonNode value) => !field.Required && field.Type.Kind switch
    {
        SchemaKind.List => value is JsonArray { Count: 0 },
        SchemaKind.Map => value is JsonObject { Count: 0 },
        _ => false,
    };

    /// <summary>The fast way out for what most values are.</summary>
    private static bool IsPlain(JsonNode value, SchemaKind kind) => kind switch
    {
        SchemaKind.String => JsonTree.IsString(value, out _),
        SchemaKind.Bool => JsonTree.AsBool(value) is not null,
        SchemaKind.Int32 => JsonTree.AsInt64(value) is >= int.MinValue and <= int.MaxValue,
        SchemaKind.Int64 => JsonTree.AsInt64(value) is not null,
        SchemaKind.Any => true,
        _ => false,
    };

    // The value that takes the place of this one; null when it stays.
    private JsonNode? Visit(JsonNode? value, TypeSchema type, FieldPath path, bool typed, TypeSchema owner)
    {
        switch (type.Kind)
        {
            case SchemaKind.Object:
                if (value is JsonObject tree) PruneObject(tree, type, path, typed || type.Name.Length > 0);
                else if (typed || type.Name.Length > 0) Wrong(value, type, path, owner);
                break;
            case SchemaKind.Map:
                if (value is JsonObject map) VisitMap(map, type, path, typed, owner);
                else if (typed) Wrong(value, type, path, owner);
                break;
            case SchemaKind.List:
                if (value is JsonArray list) VisitList(list, type, path, typed, owner);
                else if (typed) Wrong(value, type, path, owner);
                break;
            case SchemaKind.Any:
                break;
            default:
                return typed && !IsPlain(value!, type.Kind) ? CheckScalar(value!, type, path, owner) : null;
        }
        return null;
    }

    private void VisitMap(JsonObject map, TypeSchema type, FieldPath path, bool typed, TypeSchema owner)
    {
        var items = type.Items!;
        List<string>? nulls = null;
        for (var i = 0; i < map.Count && Fault is null; i++)
        {
            var (key, value) = map.GetAt(i);
            if (value is null)
            {
                if (typed ? items.Kind != SchemaKind.Any : !items.Nullable && type.ItemsDefault is null) (nulls ??= []).Add(key);
            }
            else if (!typed || !IsPlain(value, items.Kind))
            {
                if (Visit(value, items, path.Child(key), typed, owner) is { } canonical) map.SetAt(i, canonical);
            }
        }
        foreach (var key in nulls ?? [])
        {
            if (typed) map[key] = ZeroOf(items);
            else map.Remove(key);
        }
    }

    private void VisitList(JsonArray list, TypeSchema type, FieldPath path, bool typed, TypeSchema owner)
    {
        var items = type.Items!;
        for (var i = 0; i < list.Count && Fault is null; i++)
        {
            var value = list[i];
            if (value is null)
            {
                if (typed && ZeroOf(items) is { } zero) list[i] = zero;
            }
            else if (!typed || !IsPlain(value, items.Kind))
            {
                if (Visit(value, items, path.Index(i), typed, owner) is { } canonical) list[i] = canonical;
            }
        }
    }

    // An element cannot be left out, so null becomes what Go makes of it.
    private static JsonNode? ZeroOf(TypeSchema type) => type.Kind switch
    {
        SchemaKind.Object or SchemaKind.Map => new JsonObject(),
        SchemaKind.String or SchemaKind.Bytes => JsonValue.Create(""),
        SchemaKind.Int32 or SchemaKind.Int64 or SchemaKind.Double or SchemaKind.IntOrString => JsonValue.Create(0L),
        SchemaKind.Quantity => JsonValue.Create("0"),
        SchemaKind.Bool => JsonValue.Create(false),
        SchemaKind.List => new JsonArray(),
        _ => null,
    };

    private JsonNode? CheckScalar(JsonNode value, TypeSchema type, FieldPath path, TypeSchema owner)
    {
        var text = JsonTree.AsString(value);
        switch (type.Kind)
        {
            case SchemaKind.Double when value is JsonValue && value.GetValueKind() == JsonValueKind.Number:
            case SchemaKind.RawObject when value is JsonObject:
                return null;
            case SchemaKind.Quantity when text is not null || IsNumber(value):
                if (Quantity.Parse(text ?? JsonTree.ToText(value), out var quantity) is not { } bad) return Rewritten(text, quantity.ToString());
                Fault ??= bad;
                return null;
            case SchemaKind.IntOrString when text is not null || JsonTree.AsInt64(value) is >= int.MinValue and <= int.MaxValue:
                return null;
            case SchemaKind.Time or SchemaKind.MicroTime when text is not null:
                if (Rfc3339.TryParse(text, out var time)) return Rewritten(text, type.Kind == SchemaKind.Time ? Rfc3339.Seconds(time) : Rfc3339.Micros(time));
                Fault ??= Rfc3339.Explain(text, type.Kind == SchemaKind.MicroTime);
                return null;
            case SchemaKind.Duration when text is not null:
                if (GoDuration.Parse(text, out var badTime) is null) Fault ??= badTime;
                return null;
            case SchemaKind.Bytes when text is not null:
                if (BadBase64(text) is { } at) Fault ??= $"illegal base64 data at input byte {at}";
                return null;
            case SchemaKind.IntOrString:
                Fault ??= $"json: cannot unmarshal {JsonTree.KindOf(value)} into Go value of type {(IsNumber(value) ? "int32" : "string")}";
                return null;
            default:
                Wrong(value, type, path, owner);
                return null;
        }
    }

    // Kubernetes answers with the canonical form: 0.5 becomes 500m, a time zone becomes UTC.
    private static JsonNode? Rewritten(string? text, string canonical) =>
        string.Equals(text, canonical, StringComparison.Ordinal) ? null : canonical;

    private static bool IsNumber(JsonNode value) => value is JsonValue && value.GetValueKind() == JsonValueKind.Number;

    private static int? BadBase64(string text)
    {
        if (System.Buffers.Text.Base64.IsValid(text)) return null;
        for (var i = 0; i < text.Length; i++)
            if (!char.IsAsciiLetterOrDigit(text[i]) && text[i] is not ('+' or '/' or '=' or '\r' or '\n')) return i;
        return text.Length;
    }

    private void Wrong(JsonNode? value, TypeSchema type, FieldPath path, TypeSchema owner)
    {
        var what = JsonTree.KindOf(value);
        if (what == "number" && type.Kind is SchemaKind.Int32 or SchemaKind.Int64) what += " " + JsonTree.ToText(value);
        if (Fault is null) Restoring = Restore(value, type);
        Fault ??= $"json: cannot unmarshal {what} into Go struct field {GoTypes.ShortNameOf(owner)}.{WithoutIndexes(path)} of type {GoTypes.NameOf(type)}";
    }

    // Source: k8s.io/apimachinery, runtime/converter.go.
    private static string Restore(JsonNode? value, TypeSchema type)
    {
        var (kind, name) = value?.GetValueKind() switch
        {
            JsonValueKind.Object => ("map", "map[string]interface {}"),
            JsonValueKind.Array => ("slice", "[]interface {}"),
            JsonValueKind.String => ("string", "string"),
            JsonValueKind.Number => JsonTree.AsInt64(value) is null ? ("float64", "float64") : ("int64", "int64"),
            _ => ("bool", "bool"),
        };
        return type.Kind switch
        {
            SchemaKind.Map => $"cannot restore map from {kind}",
            SchemaKind.List => $"cannot restore slice from {kind}",
            SchemaKind.Object => $"cannot restore struct from: {kind}",
            _ => $"cannot convert {name} to {GoTypes.NameOf(type)}",
        };
    }

    // Go names the fields on the way, not the elements.
    private static string WithoutIndexes(FieldPath path)
    {
        var full = path.ToString();
        if (!full.Contains('[', StringComparison.Ordinal)) return full;
        var text = new StringBuilder(full.Length);
        var inside = false;
        foreach (var c in full)
        {
            if (c == '[') inside = true;
            else if (c == ']') inside = false;
            else if (!inside) text.Append(c);
        }
        return text.ToString();
    }
}
