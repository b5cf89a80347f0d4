using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.Shell;

/// <summary>What changed from one version of an object to the next, as paths with their old and new values.</summary>
public static class Difference
{
    /// <summary>Longer values are cut when shown (characters).</summary>
    private const int ShownMax = 60;

    public static IReadOnlyList<string> Between(JsonNode? before, JsonNode? after)
    {
        var changes = new List<string>();
        Compare("", before, after, changes);
        return changes;
    }

    private static void Compare(string path, JsonNode? before, JsonNode? after, List<string> changes)
    {
        // Every change has a new resourceVersion; the number stands in the column beside it.
        // Who owns which field follows from what changed.
        if (path is "metadata.resourceVersion" or "metadata.managedFields" || JsonNode.DeepEquals(before, after)) return;
        switch (before, after)
        {
            case (JsonObject b, JsonObject a):
                foreach (var name in b.Select(p => p.Key).Union(a.Select(p => p.Key)))
                    Compare(path.Length == 0 ? name : $"{path}.{name}", b[name], a[name], changes);
                break;
            case (JsonArray b, JsonArray a) when b.Count == a.Count:
                for (var i = 0; i < a.Count; i++) Compare($"{path}[{i}]", b[i], a[i], changes);
                break;
            case (null, _): changes.Add($"+ {path}: {Show(after)}"); break;
            case (_, null): changes.Add($"- {path}: {Show(before)}"); break;
            default: changes.Add($"~ {path}: {Show(before)} -> {Show(after)}"); break;
        }
    }

    private static string Show(JsonNode? value)
    {
        var text = value is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : value?.ToJsonString() ?? "null";
        text = text.ReplaceLineEndings(" ");
        return text.Length <= ShownMax ? text : string.Concat(text.AsSpan(0, ShownMax - 1), "…");
    }
}
