using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>Which fields differ between two states of an object.</summary>
internal sealed record FieldChanges(FieldSet Added, FieldSet Modified, FieldSet Removed)
{
    public static FieldChanges None { get; } = new(FieldSet.Empty, FieldSet.Empty, FieldSet.Empty);

    /// <summary>What the new state says anew or otherwise.</summary>
    public FieldSet Set => Modified.Union(Added);

    public bool IsEmpty => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;

    public FieldChanges Without(FieldSet ignored) => ignored.IsEmpty ? this
        : new FieldChanges(Added.RecursiveDifference(ignored), Modified.RecursiveDifference(ignored), Removed.RecursiveDifference(ignored));
}

/// <summary>Compares two states of an object field by field, as its type says they are owned.</summary>
/// <remarks>Source: structured-merge-diff, typed/compare.go. What only one side has is added or removed with everything below it;
/// empty maps and lists count as values of their own.</remarks>
internal static class FieldComparison
{
    public static FieldChanges Of(TypeSchema? type, JsonObject before, JsonObject after)
    {
        var sink = new Sink();
        VisitMap(type, before, after, ref sink);
        return sink.ToChanges();
    }

    /// <summary>Compares the values of one field, which either state may lack.</summary>
    public static FieldChanges OfField(string name, TypeSchema? type, JsonNode? before, JsonNode? after)
    {
        var sink = new Sink();
        if (before is not null || after is not null) Visit(FieldElement.Field(name), type, before, before is not null, after, after is not null, ref sink);
        return sink.ToChanges();
    }

    private static void Visit(FieldElement element, TypeSchema? type, JsonNode? before, bool had, JsonNode? after, bool has, ref Sink parent)
    {
        var own = new Sink();
        var modified = false;
        switch (StructureOf(type, before, had, after, has))
        {
            case FieldStructure.Map: VisitMap(type, before as JsonObject, after as JsonObject, ref own); break;
            case FieldStructure.List: VisitList(type!, before as JsonArray, after as JsonArray, ref own); break;
            default: modified = had && has && !JsonTree.DeepEquals(before, after); break;
        }
        parent.Add(element, own, added: !had, modified, removed: !has);
    }

    // Null goes with whatever the other side is; two sides of different structure differ as a whole.
    private static FieldStructure StructureOf(TypeSchema? type, JsonNode? before, bool had, JsonNode? after, bool has)
    {
        if (FieldStructures.IsEmpty(before) && FieldStructures.IsEmpty(after)) return FieldStructure.Leaf;
        if (!has || after is null) return FieldStructures.Of(type, before);
        if (!had || before is null) return FieldStructures.Of(type, after);
        var structure = FieldStructures.Of(type, after);
        return FieldStructures.Of(type, before) == structure ? structure : FieldStructure.Leaf;
    }

    private static void VisitMap(TypeSchema? type, JsonObject? before, JsonObject? after, ref Sink sink)
    {
        for (var i = 0; i < (before?.Count ?? 0); i++)
        {
            var (name, old) = before!.GetAt(i);
            JsonNode? now = null;
            var has = after is not null && after.TryGetPropertyValue(name, out now);
            Visit(FieldElement.Field(name), FieldStructures.Child(type, name), old, true, now, has, ref sink);
        }
        for (var i = 0; i < (after?.Count ?? 0); i++)
        {
            var (name, now) = after!.GetAt(i);
            if (before is null || !before.ContainsKey(name)) Visit(FieldElement.Field(name), FieldStructures.Child(type, name), null, false, now, true, ref sink);
        }
    }

    private static void VisitList(TypeSchema type, JsonArray? before, JsonArray? after, ref Sink sink)
    {
        var old = Index(type, before);
        var now = Index(type, after);
        foreach (var (element, items) in old)
        {
            if (!now.TryGetValue(element, out var others)) others = [];
            VisitItems(type, element, items, others, ref sink);
        }
        foreach (var (element, items) in now)
            if (!old.ContainsKey(element)) VisitItems(type, element, [], items, ref sink);
    }

    private static void VisitItems(TypeSchema type, FieldElement element, List<JsonNode?> before, List<JsonNode?> after, ref Sink sink)
    {
        if (before.Count <= 1 && after.Count <= 1)
        {
            Visit(element, type.Items, before.Count == 0 ? null : before[0], before.Count == 1, after.Count == 0 ? null : after[0], after.Count == 1, ref sink);
            return;
        }
        // What is there twice cannot be told apart, so it comes, changes and goes as a whole; what is there once has its parts.
        if (before.Count > 1 && after.Count > 1)
        {
            var same = before.Count == after.Count && before.Zip(after).All(p => JsonTree.DeepEquals(p.First, p.Second));
            if (!same) sink.Add(element, new Sink(), added: false, modified: true, removed: false);
            return;
        }
        if (before.Count == 1) Visit(element, type.Items, before[0], true, null, false, ref sink);
        if (after.Count == 1) Visit(element, type.Items, null, false, after[0], true, ref sink);
        sink.Add(element, new Sink(), added: after.Count > 1, modified: false, removed: before.Count > 1);
    }

    private static Dictionary<FieldElement, List<JsonNode?>> Index(TypeSchema type, JsonArray? list)
    {
        var index = new Dictionary<FieldElement, List<JsonNode?>>(list?.Count ?? 0);
        for (var i = 0; i < (list?.Count ?? 0); i++)
        {
            if (FieldElement.OfItem(type, list![i]) is not { } element) continue;
            if (index.TryGetValue(element, out var items)) items.Add(list[i]);
            else index[element] = [list[i]];
        }
        return index;
    }

    /// <summary>Gathers what changed at one level.</summary>
    private struct Sink
    {
        private List<FieldNode>? _added, _modified, _removed;

        public void Add(FieldElement element, in Sink own, bool added, bool modified, bool removed)
        {
            if (added || own._added is not null) (_added ??= []).Add(new FieldNode(element, added, Children(own._added)));
            if (modified || own._modified is not null) (_modified ??= []).Add(new FieldNode(element, modified, Children(own._modified)));
            if (removed || own._removed is not null) (_removed ??= []).Add(new FieldNode(element, removed, Children(own._removed)));
        }

        public readonly FieldChanges ToChanges() =>
            _added is null && _modified is null && _removed is null ? FieldChanges.None
            : new FieldChanges(FieldSet.Of(_added), FieldSet.Of(_modified), FieldSet.Of(_removed));

        private static FieldSet? Children(List<FieldNode>? nodes) => nodes is null ? null : FieldSet.Of(nodes);
    }
}
