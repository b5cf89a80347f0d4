using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas.Rules;

/// <summary>What a value was before an update, as far as that can be told.</summary>
/// <remarks>Entries of a list are the same entry only where the list has keys. Source: k8s.io/apiserver, pkg/cel/common/equality.go.</remarks>
internal sealed class Correlation
{
    private readonly JsonNode? _value;
    private readonly JsonNode? _old;
    private readonly TypeSchema _schema;
    private bool? _same;

    public Correlation(JsonNode? value, JsonNode? old, TypeSchema schema) => (_value, _old, _schema) = (value, old, schema);

    public JsonNode? Old => _old;

    /// <summary>The update leaves the value alone, so it need not answer for it.</summary>
    public bool IsUnchanged => _same ??= JsonTree.DeepEquals(_value, _old);

    /// <summary>Of a field or an entry of a map; null when it was not there.</summary>
    public Correlation? Key(string name, TypeSchema? schema)
    {
        if (schema is null || _schema.Atomic || _old is not JsonObject old || !old.TryGetPropertyValue(name, out var before)) return null;
        return new Correlation((_value as JsonObject)?[name], before, schema);
    }

    /// <summary>Of an entry of a list with keys; null otherwise.</summary>
    public Correlation? Index(int index, TypeSchema? schema)
    {
        if (schema is null || _schema.ListType != ListMergeType.Map || _old is not JsonArray old || _value is not JsonArray list || list[index] is not JsonObject item) return null;
        foreach (var entry in old)
            if (entry is JsonObject candidate && SameKeys(item, candidate)) return new Correlation(item, candidate, schema);
        return null;
    }

    private bool SameKeys(JsonObject a, JsonObject b)
    {
        foreach (var key in _schema.ListKeys)
            if (!JsonTree.DeepEquals(a[key], b[key])) return false;
        return true;
    }
}
