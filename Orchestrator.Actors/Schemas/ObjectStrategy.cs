using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>What the server itself decides of an object on create and update, for every kind: identity, what a subresource may
/// touch, and the generation.</summary>
public static class ObjectStrategy
{
    /// <summary>Longest generated name (characters); the prefix is cut to leave room for the suffix.</summary>
    private const int GeneratedNameMax = 63;
    private const int SuffixLength = 5;

    // No vowels, 0, 1 or 3, so that no suffix is a word or misread.
    private const string SuffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>A name of <paramref name="prefix"/> and five random characters.</summary>
    public static string GenerateName(string prefix, Random random)
    {
        Span<char> suffix = stackalloc char[SuffixLength];
        foreach (ref var c in suffix) c = SuffixAlphabet[random.Next(SuffixAlphabet.Length)];
        return string.Concat(prefix.AsSpan(0, Math.Min(prefix.Length, GeneratedNameMax - SuffixLength)), suffix);
    }

    /// <summary>Makes a decoded and defaulted object ready for validation and storing.</summary>
    /// <param name="ns">The namespace of the request; empty for cluster-scoped kinds.</param>
    /// <param name="uid">The identity of the new object.</param>
    /// <param name="random">Draws the suffix of a generated name.</param>
    public static void PrepareForCreate(ResourceSchema schema, JsonObject tree, string ns, string uid, DateTimeOffset now, Random random)
    {
        var metadata = JsonTree.Ensure(tree, "metadata");
        if (ns.Length > 0 && string.IsNullOrEmpty(JsonTree.String(metadata, "namespace"))) metadata["namespace"] = ns;
        if (string.IsNullOrEmpty(JsonTree.String(metadata, "name")) && JsonTree.String(metadata, "generateName") is { Length: > 0 } prefix)
            metadata["name"] = GenerateName(prefix, random);
        metadata["uid"] = uid;
        metadata["creationTimestamp"] = Rfc3339.Seconds(now);
        metadata.Remove("resourceVersion");
        metadata.Remove("selfLink");
        // Nobody keeps track of who manages which field yet, and a wrong record is worse than none.
        metadata.Remove("managedFields");
        metadata.Remove("deletionTimestamp");
        metadata.Remove("deletionGracePeriodSeconds");
        if (schema.Generation == GenerationRule.None) metadata.Remove("generation");
        else metadata["generation"] = 1L;
        // Nodes register themselves together with their status.
        if (schema.HasStatus && schema.Type != ResourceTypes.Nodes) tree.Remove("status");
        if (KindStrategies.Of(schema.Type) is not { } strategy) return;
        strategy.DropClosed(tree, stored: null);
        strategy.PrepareForCreate(tree);
    }

    /// <summary>Makes <paramref name="tree"/> what will be stored if it is valid: carries over from <paramref name="stored"/>
    /// what this update may not touch or has left out, and raises the generation.</summary>
    /// <param name="subresource">Empty for the object itself; <c>status</c> touches nothing but the status.</param>
    public static void PrepareForUpdate(ResourceSchema schema, JsonObject tree, JsonObject stored, string subresource, DateTimeOffset now = default)
    {
        var metadata = JsonTree.Ensure(tree, "metadata");
        var old = JsonTree.Ensure(stored, "metadata");
        // An approval is a part of the status under a path of its own.
        if (subresource is "status" or "approval") KeepAllButStatus(schema, tree, stored, metadata, old);
        else if (schema.HasStatus) Carry(tree, stored, "status");

        foreach (var name in (ReadOnlySpan<string>)["uid", "creationTimestamp", "namespace", "name"])
            if (string.IsNullOrEmpty(JsonTree.String(metadata, name))) Carry(metadata, old, name);
        foreach (var name in (ReadOnlySpan<string>)["deletionTimestamp", "deletionGracePeriodSeconds"])
            if (metadata[name] is null) Carry(metadata, old, name);
        metadata.Remove("selfLink");
        metadata.Remove("managedFields");

        if (KindStrategies.Of(schema.Type) is { } strategy)
        {
            strategy.DropClosed(tree, stored);
            strategy.PrepareForUpdate(tree, stored, subresource);
            strategy.SetTimes(tree, stored, subresource, now);
        }
        SetGeneration(schema, tree, stored, metadata, old);
    }

    private static void KeepAllButStatus(ResourceSchema schema, JsonObject tree, JsonObject stored, JsonObject metadata, JsonObject old)
    {
        foreach (var name in tree.Select(f => f.Key).Concat(stored.Select(f => f.Key)).Distinct(StringComparer.Ordinal).ToArray())
            if (name is not ("metadata" or "status" or "apiVersion" or "kind")) Carry(tree, stored, name);
        foreach (var name in StatusMetadata.KeptBy(schema)) Carry(metadata, old, name);
    }

    /// <summary>Sets a field as the stored object has it, which may be not at all.</summary>
    private static void Carry(JsonObject tree, JsonObject stored, string name)
    {
        if (stored.TryGetPropertyValue(name, out var value)) tree[name] = value?.DeepClone();
        else tree.Remove(name);
    }

    private static void SetGeneration(ResourceSchema schema, JsonObject tree, JsonObject stored, JsonObject metadata, JsonObject old)
    {
        if (schema.Generation == GenerationRule.None)
        {
            Carry(metadata, old, "generation");
            return;
        }
        var generation = JsonTree.Int64(old, "generation") ?? 0;
        var changed = schema.Generation == GenerationRule.Spec
            ? !JsonTree.DeepEquals(tree["spec"], stored["spec"])
            : !SameContent(schema, tree, stored) || !SameContent(schema, stored, tree);
        metadata["generation"] = changed ? generation + 1 : generation;
    }

    private static bool SameContent(ResourceSchema schema, JsonObject tree, JsonObject other)
    {
        foreach (var (name, value) in tree)
        {
            // Without a status subresource a change of the status is a change like any other.
            if (name is "metadata" or "apiVersion" or "kind" || (name == "status" && schema.HasStatus)) continue;
            if (!JsonTree.DeepEquals(value, other[name])) return false;
        }
        return true;
    }
}
