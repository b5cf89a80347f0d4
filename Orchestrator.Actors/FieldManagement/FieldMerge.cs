using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>Merges a configuration into a state: maps and keyed lists entry by entry, all else as a whole.</summary>
/// <remarks>Source: structured-merge-diff, typed/merge.go. Entries of lists come in the order of the configuration, and those that only
/// the state has stay where they were among them.</remarks>
internal static class FieldMerge
{
    /// <summary>A new tree; neither argument is changed.</summary>
    public static JsonObject Merge(TypeSchema? type, JsonObject live, JsonObject configuration)
    {
        var result = new JsonObject();
        foreach (var (name, old) in live)
        {
            result[name] = configuration.TryGetPropertyValue(name, out var wanted)
                ? Value(FieldStructures.Child(type, name), old, wanted)
                : old?.DeepClone();
        }
        foreach (var (name, wanted) in configuration)
            if (!live.ContainsKey(name)) result[name] = wanted?.DeepClone();
        return result;
    }

    private static JsonNode? Value(TypeSchema? type, JsonNode? old, JsonNode? wanted)
    {
        if (FieldStructures.IsEmpty(old) && FieldStructures.IsEmpty(wanted)) return wanted?.DeepClone();
        return (FieldStructures.Of(type, wanted ?? old), old, wanted) switch
        {
            (FieldStructure.Map, JsonObject a, JsonObject b) => Merge(type, a, b),
            (FieldStructure.List, JsonArray a, JsonArray b) => MergeList(type!, a, b),
            // Null where a map or list can be merged asks for nothing.
            (FieldStructure.Map or FieldStructure.List, { } a, null) => a.DeepClone(),
            _ => wanted?.DeepClone(),
        };
    }

    private static JsonArray MergeList(TypeSchema type, JsonArray live, JsonArray configuration)
    {
        var left = live.Select(i => FieldElement.OfItem(type, i)).ToArray();
        var right = configuration.Select(i => FieldElement.OfItem(type, i)).ToArray();
        var inLive = Index(left);
        var wanted = Index(right);
        var shared = new Queue<FieldElement>(right.Where(e => e is { } x && inLive.ContainsKey(x)).Select(e => e!.Value));
        FieldElement? next = shared.TryDequeue(out var first) ? first : null;
        HashSet<FieldElement> done = [];
        var result = new JsonArray();
        int l = 0, r = 0;
        while (l < left.Length || r < right.Length)
        {
            if (l < left.Length && r < right.Length && left[l] is { } here)
            {
                if (right[r] is { } other && here == other)
                {
                    Take(other);
                    l++;
                    r++;
                    next = shared.TryDequeue(out var following) ? following : null;
                    continue;
                }
                if (wanted.ContainsKey(here) && next is not null && next != here)
                {
                    // The configuration has it too, but another one first.
                    l++;
                    continue;
                }
            }
            if (l < left.Length)
            {
                if (left[l] is not { } own || !wanted.ContainsKey(own))
                {
                    result.Add(live[l]?.DeepClone());
                    l++;
                    continue;
                }
                if (done.Contains(own)) l++;
            }
            if (r >= right.Length) continue;
            var element = right[r];
            if (element is { } e) Take(e);
            else result.Add(configuration[r]?.DeepClone());
            r++;
            if (element is not null && next == element) next = shared.TryDequeue(out var after) ? after : null;
        }
        return result;

        void Take(FieldElement element)
        {
            done.Add(element);
            var value = configuration[wanted[element]];
            // An entry that the state has twice cannot be merged with.
            result.Add(inLive.TryGetValue(element, out var at) && at >= 0 ? Value(type.Items, live[at], value) : value?.DeepClone());
        }
    }

    /// <summary>Where each entry is; -1 for those that are there more than once.</summary>
    private static Dictionary<FieldElement, int> Index(FieldElement?[] elements)
    {
        var index = new Dictionary<FieldElement, int>(elements.Length);
        for (var i = 0; i < elements.Length; i++)
            if (elements[i] is { } element && !index.TryAdd(element, i)) index[element] = -1;
        return index;
    }
}
