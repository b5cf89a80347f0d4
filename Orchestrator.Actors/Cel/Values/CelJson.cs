using System.Text.Json;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Cel.Values;

/// <summary>Shows JSON as values of the language without converting it: only what an expression touches is read.</summary>
/// <remarks>The tree must not change while values of it are in use.</remarks>
public static class CelJson
{
    /// <param name="schema">Says what strings mean and how lists compare; null reads the JSON as it stands.</param>
    public static CelValue Of(JsonNode? node, TypeSchema? schema = null)
    {
        switch (node)
        {
            case null: return CelNull.Instance;
            case JsonObject tree: return OfObject(tree, schema);
            case JsonArray list: return new CelJsonList(list, schema is { Kind: SchemaKind.List } ? schema : null);
        }
        switch (node.GetValueKind())
        {
            case JsonValueKind.True: return CelBool.True;
            case JsonValueKind.False: return CelBool.False;
            case JsonValueKind.String: return OfText(JsonTree.AsString(node)!, schema);
            default:
                if (schema?.Kind == SchemaKind.Double) return new CelDouble(JsonTree.AsDouble(node) ?? 0);
                if (JsonTree.AsInt64(node) is { } whole) return CelInt.Of(whole);
                var number = JsonTree.AsDouble(node) ?? 0;
                return schema?.Kind is SchemaKind.Int32 or SchemaKind.Int64 && number is >= long.MinValue and < long.MaxValue
                    ? CelInt.Of((long)number) : new CelDouble(number);
        }
    }

    private static CelMap OfObject(JsonObject tree, TypeSchema? schema) => schema?.Kind switch
    {
        SchemaKind.Object => new CelJsonObject(tree, schema),
        SchemaKind.Map => new CelJsonMap(tree, schema.Items),
        _ => new CelJsonMap(tree, null),
    };

    private static CelValue OfText(string text, TypeSchema? schema)
    {
        var format = schema?.Kind switch
        {
            SchemaKind.String => schema.Constraints?.Format ?? "",
            SchemaKind.Time or SchemaKind.MicroTime => "date-time",
            SchemaKind.Bytes => "byte",
            _ => "",
        };
        switch (format)
        {
            case "byte":
                var bytes = new byte[text.Length];
                return Convert.TryFromBase64String(text, bytes, out var length) ? new CelBytes(bytes[..length]) : new CelError($"Invalid base64 string: {text}");
            case "duration":
                return CelDuration.Parse(text) ?? (CelValue)new CelError($"Invalid duration {text}");
            case "date-time" or "datetime":
                return CelTimestamp.Parse(text) ?? new CelError($"Invalid date-time {text}");
            case "date":
                return CelTimestamp.Parse(text + "T00:00:00Z") ?? new CelError($"Invalid date {text}");
            default:
                return text.Length == 0 ? CelString.Empty : new CelString(text);
        }
    }
}

/// <summary>A JSON object whose keys are data.</summary>
internal sealed class CelJsonMap(JsonObject tree, TypeSchema? values) : CelMap
{
    public override int Count => tree.Count;

    public override IEnumerable<CelValue> Keys => tree.Select(static p => new CelString(p.Key));

    public override CelValue? Find(CelValue key) => key is CelString name ? Find(name.Value) : null;

    public override CelValue? Find(string name) => tree.TryGetPropertyValue(name, out var value) ? CelJson.Of(value, values) : null;

    public override JsonNode? ToJson() => tree.DeepClone();
}

/// <summary>A JSON object with a schema: its fields go by escaped names.</summary>
internal sealed class CelJsonObject(JsonObject tree, TypeSchema schema) : CelMap
{
    public override int Count => tree.Count;

    public override IEnumerable<CelValue> Keys
    {
        get
        {
            foreach (var (name, _) in tree)
                if (schema.Field(name) is not null && PropertyNames.Escape(name) is { } escaped) yield return new CelString(escaped);
        }
    }

    public override CelValue? Find(CelValue key) => key is CelString name ? Find(name.Value) : null;

    public override CelValue? Find(string name)
    {
        var property = PropertyNames.Unescape(name);
        return schema.Field(property) is { } field && tree.TryGetPropertyValue(property, out var value) ? CelJson.Of(value, field.Type) : null;
    }

    public override bool SameAs(CelValue other)
    {
        if (other is not CelJsonObject theirs) return base.SameAs(other);
        if (tree.Count != theirs.Count) return false;
        foreach (var (name, value) in tree)
        {
            if (!theirs.Tree.TryGetPropertyValue(name, out var right)) return false;
            var type = schema.Field(name)?.Type;
            if (!CelJson.Of(value, type).SameAs(CelJson.Of(right, type))) return false;
        }
        return true;
    }

    public override JsonNode? ToJson() => tree.DeepClone();

    private JsonObject Tree => tree;
}

/// <summary>A JSON array. Sets and lists with keys compare without regard to order, and are joined by their entries.</summary>
internal sealed class CelJsonList(JsonArray list, TypeSchema? schema) : CelList
{
    public override int Count => list.Count;

    public override CelValue this[int index] => CelJson.Of(list[index], schema?.Items);

    public override bool SameAs(CelValue other) => schema?.ListType is ListMergeType.Set or ListMergeType.Map && other is CelList theirs
        ? KeyedList.Same(this, theirs, schema)
        : base.SameAs(other);

    public override CelList Concat(CelList other) => schema?.ListType is ListMergeType.Set or ListMergeType.Map
        ? KeyedList.Merge(this, other, schema)
        : base.Concat(other);

    public override JsonNode? ToJson() => list.DeepClone();
}

/// <summary>Equality and addition of lists whose entries are told apart by themselves or by keys.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/cel/common/values.go.</remarks>
internal static class KeyedList
{
    public static bool Same(CelList left, CelList right, TypeSchema schema)
    {
        if (left.Count != right.Count) return false;
        var entries = Index(right, schema);
        for (var i = 0; i < left.Count; i++)
            if (!entries.TryGetValue(KeyOf(left[i], schema), out var at) || !left[i].SameAs(right[at])) return false;
        return true;
    }

    /// <summary>Entries of the left in their order, replaced by those of the right with the same key; then what is new.</summary>
    public static CelList Merge(CelList left, CelList right, TypeSchema schema)
    {
        var merged = new List<CelValue>(left.Count + right.Count);
        for (var i = 0; i < left.Count; i++) merged.Add(left[i]);
        var entries = Index(left, schema);
        for (var i = 0; i < right.Count; i++)
        {
            var item = right[i];
            if (entries.TryGetValue(KeyOf(item, schema), out var at)) merged[at] = item;
            else merged.Add(item);
        }
        return new KeyedValues(merged, schema);
    }

    private static Dictionary<CelValue, int> Index(CelList list, TypeSchema schema)
    {
        var entries = new Dictionary<CelValue, int>(CelKeys.Instance);
        for (var i = 0; i < list.Count; i++) entries[KeyOf(list[i], schema)] = i;
        return entries;
    }

    private static CelValue KeyOf(CelValue item, TypeSchema schema)
    {
        if (schema.ListType == ListMergeType.Set) return item;
        if (item is not CelMap map) return item;
        return new CelValues([.. schema.ListKeys.Select(k => map.Find(PropertyNames.Escape(k) ?? k) ?? CelNull.Instance)]);
    }

    private sealed class KeyedValues(List<CelValue> items, TypeSchema schema) : CelList
    {
        public override int Count => items.Count;

        public override CelValue this[int index] => items[index];

        public override CelList Concat(CelList other) => Merge(this, other, schema);

        public override bool SameAs(CelValue other) => other is CelList list ? Same(this, list, schema) : base.SameAs(other);
    }
}

/// <summary>Names of properties as identifiers of the language, and back.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/cel/escaping.go.</remarks>
public static class PropertyNames
{
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop",
        "package", "namespace", "return", "var", "void", "while",
    };

    private static readonly (string Text, string Escaped)[] Escapes =
        [("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__")];

    /// <summary>Null when the name cannot be written as an identifier and so is out of reach of expressions.</summary>
    public static string? Escape(string name)
    {
        if (name.Length == 0 || char.IsAsciiDigit(name[0])) return null;
        foreach (var c in name)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-' or '/')) return null;
        if (Reserved.Contains(name)) return $"__{name}__";
        foreach (var (text, escaped) in Escapes)
            if (name.Contains(text, StringComparison.Ordinal)) name = name.Replace(text, escaped, StringComparison.Ordinal);
        return name;
    }

    public static string Unescape(string name)
    {
        if (!name.Contains("__", StringComparison.Ordinal)) return name;
        if (name.Length > 4 && name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal) && Reserved.Contains(name[2..^2])) return name[2..^2];
        var text = new System.Text.StringBuilder();
        for (var i = 0; i < name.Length;)
        {
            var escape = Array.Find(Escapes, e => string.CompareOrdinal(name, i, e.Escaped, 0, e.Escaped.Length) == 0);
            text.Append(escape.Text ?? name[i].ToString());
            i += escape.Escaped?.Length ?? 1;
        }
        return text.ToString();
    }
}
