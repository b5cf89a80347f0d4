using System.Runtime.CompilerServices;

namespace Orchestrator.Actors.Resources;

/// <summary>A spec as it is stored, which many objects have, with what follows from it alone.</summary>
internal sealed class AdmittedSpec
{
    private static readonly ConditionalWeakTable<JsonObject, AdmittedSpec> ByTree = [];

    private AdmittedSpec(JsonObject tree)
    {
        Tree = tree;
        Text = JsonTree.ToUtf8(tree);
    }

    /// <summary>Frozen.</summary>
    public JsonObject Tree { get; }

    /// <summary>Its JSON, as it is written.</summary>
    public byte[] Text { get; }

    /// <summary>The schema and the rules of its kind find no fault in it.</summary>
    public bool IsValid { get; set; }

    /// <summary>Nothing in it is worth a warning.</summary>
    public bool IsPlain { get; set; }

    /// <param name="tree">Frozen.</param>
    public static AdmittedSpec Of(JsonObject tree)
    {
        var known = new AdmittedSpec(tree);
        ByTree.Add(tree, known);
        return known;
    }

    /// <summary>What is known of an object's spec; null for one that is not shared.</summary>
    public static AdmittedSpec? Find(JsonNode? spec) =>
        spec is JsonObject { IsFrozen: true } tree && ByTree.TryGetValue(tree, out var known) ? known : null;
}
